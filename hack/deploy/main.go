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
	var state string
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
  VAULT_PORT                                       at which its pods or hosts listen (8200)`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := newDeployment(state)
			if err != nil {
				return err
			}
			return d.run(cmd.Context(), printOnly)
		},
	}
	cmd.PersistentFlags().StringVar(&state, "state", os.Getenv("BULKHEAD_STATE"), "state directory of the development cluster (default .devcluster)")
	cmd.Flags().BoolVar(&printOnly, "dry-run", false, "print the manifests and apply nothing")
	cmd.AddCommand(remoteCommand(&state))
	return cmd
}

func remoteCommand(state *string) *cobra.Command {
	return &cobra.Command{
		Use:   "remote DIR",
		Short: "Let the operator put cells on another development cluster, that of a state directory",
		Long: `Let the operator put cells on another development cluster, that of a state directory. It has
to be linked to the operator's (devcluster up --link). This applies config/remote there, loads our
images, and makes a kubeconfig the Secret bulkhead-clusters/NAME of the operator's cluster, by the
name of the other one.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := newDeployment(*state)
			if err != nil {
				return err
			}
			return d.join(cmd.Context(), args[0])
		},
	}
}
