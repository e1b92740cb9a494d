package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/kube"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/openbao"
)

func vaultCommand(flags *flags) *cobra.Command {
	vault := &cobra.Command{Use: "vault", Short: "Seal and unseal the cluster's OpenBao, or get its root token"}
	vault.AddCommand(
		flags.vault("seal", "Seal it: it answers every request with 503", (*app).seal),
		flags.vault("unseal", "Start it anew, upon which it unseals itself", (*app).unseal),
		flags.vault("token", "Print the root token", (*app).token),
	)
	return vault
}

func (f *flags) vault(name, short string, run func(*app, context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.app()
			if err != nil {
				return err
			}
			if err := a.hasVault(cmd.Context()); err != nil {
				return err
			}
			return run(a, cmd.Context())
		},
	}
}

func (a *app) hasVault(ctx context.Context) error {
	if err := a.supervised(ctx); err != nil {
		return err
	}
	settings, err := a.cluster.Load()
	if err == nil && settings.NoVault {
		return fmt.Errorf("cluster %s has no OpenBao: it was made with --no-vault", a.cluster.Name)
	}
	return err
}

func (a *app) seal(ctx context.Context) error {
	client, err := openbao.Open(a.cluster)
	if err != nil {
		return err
	}
	return client.Write(ctx, "sys/seal", nil, nil)
}

// unseal restarts the server: one that unseals itself does so only when it starts.
func (a *app) unseal(ctx context.Context) error {
	settings, err := a.cluster.Load()
	if err != nil {
		return err
	}
	return a.report.Run(ctx, "unseal OpenBao", quickly, func(ctx context.Context, log io.Writer) error {
		kubectl := kube.NewKubectl(a.cluster, settings)
		err := kubectl.Run(ctx, log, "-n", "openbao", "delete", "pod", "-l", "app.kubernetes.io/name=openbao")
		if err != nil {
			return err
		}
		return openbao.Initialise(ctx, a.cluster, log)
	})
}

func (a *app) token(context.Context) error {
	token, err := os.ReadFile(a.cluster.VaultToken())
	if err != nil || len(token) == 0 {
		return errors.New("there is no root token yet; run `devcluster up`")
	}
	_, err = os.Stdout.Write(token)
	return err
}
