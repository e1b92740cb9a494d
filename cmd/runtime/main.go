// Command runtime is the query engine's server: "serve" answers tenants,
// "migrate" brings the database's schema up to date, "probe" tries the walls.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/bulkhead-dev/bulkhead/cmd/memory"
)

func main() {
	memory.Limit()
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	klog.SetSlogLogger(log) // client-go's messages, too
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	root := &cobra.Command{
		Use:           "runtime",
		Short:         "The runtime of a Bulkhead cell",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serve(log), migrate(log), probeCommand(), parseCommand())
	err := root.ExecuteContext(ctx)
	stop()
	if err != nil {
		log.Error("stopped", "error", err.Error())
		os.Exit(1)
	}
}
