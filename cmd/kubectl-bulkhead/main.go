// Command kubectl-bulkhead is a plugin of kubectl for those who run Bulkhead:
// flags and wiring only.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// The exit codes.
const (
	exitDiffers = 1 // something is not as it should be
	exitFailed  = 2 // it could not be found out
)

// errDiffers ends the program with exitDiffers; what differs was printed.
var errDiffers = errors.New("something is not as expected")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal lets a command clean up, the second one ends it.
	context.AfterFunc(ctx, stop)
	// The libraries' logs are about their connections, and no answer to a user.
	klog.SetLogger(logr.Discard())
	log.SetLogger(logr.Discard())
	err := command().ExecuteContext(ctx)
	switch {
	case errors.Is(err, errDiffers):
		os.Exit(exitDiffers)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(exitFailed)
	}
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "kubectl-bulkhead",
		Short:         "Work with the tenants and cells of Bulkhead",
		SilenceUsage:  true,
		SilenceErrors: true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl bulkhead"},
	}
	kube := genericclioptions.NewConfigFlags(true)
	kube.Namespace = nil // everything we look at says itself where it is
	kube.AddFlags(root.PersistentFlags())
	verify := &cobra.Command{Use: "verify", Short: "Verify that something holds on this cluster"}
	verify.AddCommand(verifyIsolation(kube))
	root.AddCommand(verify, uploadCommand(kube))
	return root
}
