package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/kube"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/link"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/openbao"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

func statusCommand(flags *flags) *cobra.Command {
	var running bool
	status := &cobra.Command{
		Use:   "status",
		Short: "Say what of the cluster is well; exit 1 if anything is not",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			if running {
				return a.supervised(cmd.Context())
			}
			return a.status(cmd.Context())
		},
	}
	status.Flags().BoolVar(&running, "running", false, "say nothing; exit 1 if the cluster does not run, well or not")
	return status
}

func (a *app) status(ctx context.Context) error {
	var bad int
	if err := a.supervised(ctx); err != nil {
		return err
	}
	settings, err := a.cluster.Load()
	if err != nil {
		return err
	}
	for _, c := range append(a.checks(settings), a.linkChecks(settings)...) {
		if err := c.within(ctx); err != nil {
			bad++
			fmt.Printf("%-16s NOT WELL: %v\n", c.name, err)
			continue
		}
		fmt.Printf("%-16s ok\n", c.name)
	}
	if bad > 0 {
		return fmt.Errorf("%d of the cluster's parts are not well; `devcluster up` mends what it can, logs are in %s", bad, a.cluster.Logs())
	}
	fmt.Printf("\nKUBECONFIG=%s\n", a.cluster.Kubeconfig())
	if !settings.NoVault {
		fmt.Printf("VAULT_ADDR=https://127.0.0.1:%d\nVAULT_CACERT=%s\n", settings.VaultPort, a.cluster.VaultCA())
	}
	return nil
}

// check is nil if the whole cluster is well, whatever there is of its link.
func (a *app) check(ctx context.Context, settings state.Settings) error {
	for _, c := range a.checks(settings) {
		if err := c.within(ctx); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

type check struct {
	name string
	ask  func(context.Context) error
}

func (c check) within(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return c.ask(ctx)
}

func (a *app) checks(settings state.Settings) []check {
	client, err := kube.New(a.cluster)
	if err != nil {
		return []check{{"supervisor", func(context.Context) error { return err }}}
	}
	checks := []check{
		{"supervisor", a.supervised},
		{"API server", func(ctx context.Context) error { return client.Get(ctx, "/readyz", nil) }},
		{"node", func(ctx context.Context) error { return nodeReady(ctx, client, a.cluster.Name) }},
		{"CoreDNS", func(ctx context.Context) error { return available(ctx, client, "kube-system", "coredns") }},
		{"CloudNativePG", func(ctx context.Context) error {
			return available(ctx, client, "cnpg-system", "cnpg-controller-manager")
		}},
	}
	if !settings.NoVault {
		checks = append(checks, check{"OpenBao", a.vaultReady})
	}
	return checks
}

func (a *app) linkChecks(settings state.Settings) []check {
	if settings.Link == "" {
		return nil
	}
	return []check{{"link", func(ctx context.Context) error {
		peer, err := link.PeerOf(settings)
		if err != nil {
			return err
		}
		return link.Check(ctx, a.cluster, peer)
	}}}
}

func (a *app) vaultReady(ctx context.Context) error {
	vault, err := openbao.Open(a.cluster)
	if err != nil {
		return err
	}
	return vault.Ready(ctx)
}

func (a *app) supervised(context.Context) error {
	pid, err := a.cluster.Supervisor()
	if err != nil {
		return err
	}
	if pid == 0 {
		return errNotRunning
	}
	_, err = os.Stat(fmt.Sprintf("/proc/%d", pid))
	return err
}

func nodeReady(ctx context.Context, client *kube.Client, name string) error {
	return client.Condition(ctx, "/api/v1/nodes/"+name, "Ready")
}

func available(ctx context.Context, client *kube.Client, namespace, deployment string) error {
	return client.Condition(ctx, "/apis/apps/v1/namespaces/"+namespace+"/deployments/"+deployment, "Available")
}
