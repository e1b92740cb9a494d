package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/node"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/supervisor"
)

// The cluster's own processes are this program too, started with one of these commands.
const (
	superviseName = "supervise"
	nodeName      = "node-init"
	workerName    = "node-worker"
)

func (a *app) hiddenArgs(command string) []string { return hiddenArgs(a.cluster, command) }

func hiddenArgs(cluster state.Cluster, command string) []string {
	return []string{command, "--state=" + cluster.Dir, "--name=" + cluster.Name}
}

func superviseCommand(flags *flags) *cobra.Command {
	return flags.hidden(superviseName, "Run a node from the host", func(ctx context.Context, cluster state.Cluster) error {
		err := supervisor.Run(ctx, cluster, append([]string{"devcluster"}, hiddenArgs(cluster, nodeName)...))
		if errors.Is(err, context.Canceled) {
			return nil // it was asked to stop
		}
		return err
	})
}

func nodeCommand(flags *flags) *cobra.Command {
	return flags.hidden(nodeName, "Be a node's first process", func(_ context.Context, cluster state.Cluster) error {
		return node.Init(cluster, append([]string{"devcluster"}, hiddenArgs(cluster, workerName)...))
	})
}

func workerCommand(flags *flags) *cobra.Command {
	return flags.hidden(workerName, "Run a node's components", node.Work)
}

func (f *flags) hidden(name, short string, run func(context.Context, state.Cluster) error) *cobra.Command {
	return &cobra.Command{
		Use:    name,
		Short:  short,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cluster, err := state.New(f.name, f.state)
			if err != nil {
				return err
			}
			return run(cmd.Context(), cluster)
		},
	}
}
