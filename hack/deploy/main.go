// Command deploy installs the operator from config/ into the cluster that is
// at hand, and waits until it runs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var state, remote string
	var printOnly bool
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Install the operator from config/, with the images just built",
		Long: `Install the operator from config/ into the development cluster, with the images
just built, or with USE_EXISTING_CLUSTER=true into the cluster of $KUBECONFIG. For that one, say
where things are by these variables:

  MANAGER_IMAGE, RUNTIME_IMAGE, POSTGRESQL_IMAGE   by digest; PostgreSQL's with its version as tag
  VAULT_ADDRESS                                    https://host:port, as pods reach it
  VAULT_CACERT                                     file with the authority's certificate, if private
  VAULT_NAMESPACE, VAULT_POD_LABEL                 where Vault's pods are (key=value), or VAULT_CIDR
  VAULT_PORT                                       at which its pods or hosts listen (8200)

With --remote it also lets the operator use a second development cluster that is linked to the first
(config/remote): what the operator needs is applied there, our images are loaded, and its kubeconfig
becomes the Secret bulkhead-system/NAME of the first, by the name of the second.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := newDeployment(cmd.Context(), state)
			if err != nil {
				return err
			}
			if err := d.run(cmd.Context(), printOnly); err != nil || remote == "" {
				return err
			}
			return d.join(cmd.Context(), remote)
		},
	}
	cmd.Flags().StringVar(&state, "state", os.Getenv("BULKHEAD_STATE"), "state directory of the development cluster (default .devcluster)")
	cmd.Flags().StringVar(&remote, "remote", "", "state directory of a second development cluster to let the operator use")
	cmd.Flags().BoolVar(&printOnly, "dry-run", false, "print the manifests and apply nothing")
	cmd.MarkFlagsMutuallyExclusive("remote", "dry-run")
	return cmd
}
