// Command bench measures Bulkhead on a running cluster. Every figure is a line that begins with BENCH;
// what else it prints goes to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/step"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use:           "bench",
		Short:         "Measure Bulkhead on a running cluster",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(provisionCommand(), tiersCommand())
	err := root.ExecuteContext(ctx)
	if err == nil {
		return
	}
	// A failed step has been shown already, with its log.
	if failed := (*step.Error)(nil); !errors.As(err, &failed) {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	stop()
	os.Exit(1)
}
