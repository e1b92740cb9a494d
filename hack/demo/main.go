// Command demo shows the whole of Bulkhead on a real cluster: from nothing to two tenants that ask
// questions about their own documents, and cannot reach each other's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/bulkhead-dev/bulkhead/hack/demo/cluster"
	"github.com/bulkhead-dev/bulkhead/hack/step"
)

const usage = `demo starts a cluster, installs Bulkhead, makes two tenants, uploads their documents, asks
questions as both of them, and shows with real packets who reaches the database. The cluster is left
running. Run again, it goes on from what is there. It exits with 0 only if every step held.

With USE_EXISTING_CLUSTER=true and KUBECONFIG it uses the cluster that you have.

Flags:
`

func main() {
	state := flag.String("state", os.Getenv("BULKHEAD_STATE"),
		"directory of everything the cluster keeps (default .devcluster in the repository, or $BULKHEAD_STATE)")
	fresh := flag.Bool("fresh", false, "forget the cluster that is there and start from none")
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *state, *fresh); err != nil {
		// A failed step has been shown already, with its log.
		if failed := (*step.Error)(nil); !errors.As(err, &failed) {
			fmt.Fprintln(os.Stderr, "demo:", err)
		}
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, state string, fresh bool) error {
	target, err := cluster.At(state)
	if err != nil {
		return err
	}
	d := &demo{
		cluster: target,
		screen:  newScreen(os.Stdout),
		report:  step.New(os.Stdout, target.Logs()),
		fresh:   fresh,
	}
	return d.run(ctx)
}
