// Package scale measures the operator by the thousand tenants against a real control plane.
package scale

import (
	"context"
	"fmt"
	"os"
	"time"
)

// limit ends a case that hangs, its steady window apart.
const limit = 30 * time.Minute

// settings are what a run is asked to do.
type settings struct {
	steady  time.Duration // how long to watch an operator that has nothing to do
	profile string        // directory for profiles; none when empty
}

// bench is one case and what it found.
type bench struct {
	*scene
	settings

	figures     figures
	plainWrites float64 // a second, that the machine's API server and etcd do
	cellsTook   time.Duration
	empty       float64 // MiB of memory before the first tenant
}

// say tells people how it is getting on.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// standIns says what is not real here.
const standIns = "kube-apiserver, etcd, OpenBao and the operator are real; the first three run with GOGC=400. The runtime pods are a stand-in, two a cell: they watch the " +
	"real Bindings and write the real acknowledgements with the runtime's code, log in to OpenBao and wrap a key for each tenant, and serve " +
	"nobody. CloudNativePG, kubelet and controllers report the cells' parts as well, without running them."

func (b *bench) measure(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit+b.steady, fmt.Errorf("not finished within %s", limit+b.steady))
	defer cancel()
	say("%s", standIns)
	for _, phase := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"plain writes", b.yardstick},
		{"cells", b.makeCells},
		{"tenants", b.makeTenants},
		{"steady state", b.rest},
		{"one tenant edited 100 times a second", b.storm},
		{"restart", b.restart},
		{"restart with a new tenant", b.restartWithTenant},
		{"memory", b.memory},
	} {
		say("%d tenants: %s", b.n, phase.name)
		if err := phase.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", phase.name, err)
		}
	}
	return nil
}

// forget leaves out of the count what was asked so far.
func (b *bench) forget(ctx context.Context) error {
	if err := pause(ctx, 2*time.Second); err != nil { // what is under way is written to the logs
		return err
	}
	if _, _, err := readAPI(b.apiLog); err != nil {
		return err
	}
	_, _, err := readVault(b.vaultLog)
	return err
}

// settle waits for the number of tenants in the cells' status, which follows by
// seconds.
func (b *bench) settle(ctx context.Context) error { return pause(ctx, 12*time.Second) }

// idle waits until the operator has used next to no processor time for a while.
func (b *bench) idle(ctx context.Context) error {
	const window = 5 * time.Second
	for {
		_, before, err := b.operator.usage()
		if err != nil {
			return err
		}
		if err := pause(ctx, window); err != nil {
			return err
		}
		_, after, err := b.operator.usage()
		if err != nil || after-before < window/20 {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
