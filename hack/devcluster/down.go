package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/supervisor"
)

func downCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Stop the cluster and keep its state",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			return a.report.Run(cmd.Context(), "stop the cluster", quickly, func(ctx context.Context, _ io.Writer) error {
				return a.down(ctx)
			})
		},
	}
}

func (a *app) down(ctx context.Context) error {
	if err := supervisor.Stop(ctx, a.cluster); err != nil {
		return err
	}
	group, err := supervisor.Group(a.cluster)
	if err != nil {
		return err
	}
	if left := group.Left(); len(left) > 0 {
		return fmt.Errorf("control groups are left: %v", left)
	}
	return nil
}
