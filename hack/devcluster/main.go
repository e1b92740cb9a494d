// Command devcluster runs a real Kubernetes cluster of one node on a Linux machine, with everything
// that Bulkhead needs in it, from nothing but Go modules and Debian packages.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/step"
)

const long = `devcluster runs a real Kubernetes cluster of one node on this machine: etcd, the control plane,
kubelet with containerd, NetworkPolicy enforcement, CoreDNS, a default StorageClass, CloudNativePG
with a PostgreSQL image that has pgvector, and OpenBao as the Vault.

It needs root, Go, and Debian's packages, and no registry or download site. The node lives in
namespaces of its own and the host's network is not touched; everything it keeps is in one directory.

With USE_EXISTING_CLUSTER=true and KUBECONFIG it uses the cluster you have, and only checks that
what Bulkhead needs is there.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := command().ExecuteContext(ctx)
	if err == nil {
		return
	}
	// A failed step has been shown already, with its log.
	if failed := (*step.Error)(nil); !errors.As(err, &failed) {
		fmt.Fprintln(os.Stderr, "devcluster:", err)
	}
	stop()
	os.Exit(1)
}

func command() *cobra.Command {
	var flags flags
	root := &cobra.Command{
		Use:           "devcluster",
		Short:         "A real Kubernetes cluster of one node, on this machine",
		Long:          long,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&flags.state, "state", os.Getenv("BULKHEAD_STATE"),
		"directory of everything the cluster keeps (default .devcluster in the repository, or $BULKHEAD_STATE)")
	root.PersistentFlags().StringVar(&flags.name, "name", "",
		"name of the cluster and of its node (default the one it has, "+state.DefaultName+" if it is new)")
	root.AddCommand(
		upCommand(&flags), downCommand(&flags), statusCommand(&flags),
		kubeconfigCommand(&flags), logsCommand(&flags), auditCommand(&flags), vaultCommand(&flags),
		binariesCommand(&flags), imagesCommand(&flags), loadCommand(&flags),
		superviseCommand(&flags), nodeCommand(&flags), workerCommand(&flags),
	)
	return root
}
