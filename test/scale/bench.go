package scale

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// operatorUser is how the API server knows the operator.
const operatorUser = "system:serviceaccount:bulkhead-system:" + managerAccount

// What the figures may be at most.
const (
	maxAllReady      = 4 * time.Minute
	maxTenantWrites  = 4
	maxVaultCalls    = 5
	maxRSS           = 500 // MiB
	maxReadyTroubled = 5 * time.Second
)

// limit ends a case that hangs, its steady window apart.
const limit = 30 * time.Minute

// bench is one case and what it found.
type bench struct {
	*scene
	figures figures
	steady  time.Duration
	profile string
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

func (b *bench) measure(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit+b.steady, fmt.Errorf("not finished within %s", limit+b.steady))
	defer cancel()
	for _, phase := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"cells", b.cells}, {"tenants", b.makeAll}, {"steady", b.rest}, {"storm", b.storm},
		{"restart", b.restart}, {"restart with a new tenant", b.restartWithTenant}, {"memory", b.memory},
	} {
		say("%s", phase.name)
		if err := phase.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", phase.name, err)
		}
	}
	return nil
}

// cells brings up the cells and the stand-in for their runtimes.
func (b *bench) cells(ctx context.Context) error {
	names := cellNames(b.n)
	began := time.Now()
	if err := createCells(ctx, b.client, names); err != nil {
		return err
	}
	if err := readyCells(ctx, b.client, names); err != nil {
		return err
	}
	b.figures.print("cells_ready", time.Since(began).Seconds(), "s")
	for _, name := range names {
		if err := startPods(ctx, b.fail, b.kube, b.bao, name, b.dir); err != nil {
			return err
		}
	}
	var err error
	b.user, err = watchTenants(ctx, b.kube, b.client)
	return err
}

// who sorts the users in the audit log.
func who(user string) string {
	switch {
	case user == operatorUser:
		return "operator"
	case strings.HasSuffix(user, ":runtime"):
		return "runtime stand-in"
	}
	return "others"
}

// calls tallies what was asked of the API server since the last time.
func (b *bench) calls() (map[string]*tally, error) {
	found, err := b.apiLog.requests(who)
	for _, name := range []string{"operator", "runtime stand-in", "others"} {
		if found[name] == nil {
			found[name] = &tally{}
		}
	}
	return found, err
}

// makeAll makes all tenants and counts what they cost.
func (b *bench) makeAll(ctx context.Context) error {
	if err := b.quiet(ctx); err != nil {
		return err
	}
	before, err := b.cpus()
	if err != nil {
		return err
	}
	began := time.Now()
	stop := b.progress(ctx)
	profiled := b.startProfile(ctx)
	if err := b.user.createAll(ctx, b.n); err != nil {
		return err
	}
	created := time.Since(began)
	if err := b.user.awaitAll(ctx, b.n); err != nil {
		return err
	}
	took := time.Since(began)
	stop()
	after, err := b.cpus()
	if err != nil {
		return err
	}
	if err := <-profiled; err != nil {
		return err
	}
	b.figures.printWithin("all_ready", took.Seconds(), maxAllReady.Seconds(), "s")
	b.figures.print("created", created.Seconds(), "s")
	b.printCPU(took, before, after)
	return b.printCalls(ctx)
}

// startProfile profiles the operator and the API server while tenants are made.
func (b *bench) startProfile(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	if b.profile == "" {
		done <- nil
		return done
	}
	admin, err := rest.HTTPClientFor(b.kube.Admin)
	if err != nil {
		done <- err
		return done
	}
	query := fmt.Sprintf("/debug/pprof/profile?seconds=%d", max(b.n/50, 3))
	var both errgroup.Group
	both.Go(func() error {
		return saveProfile(ctx, http.DefaultClient, "http://"+pprofAddress+query, b.profileFile("operator-cpu"))
	})
	both.Go(func() error {
		return saveProfile(ctx, admin, strings.TrimSuffix(b.kube.Admin.Host, "/")+query, b.profileFile("apiserver-cpu"))
	})
	both.Go(func() error { return saveVaultProfile(ctx, b.bao, max(b.n/50, 3), b.profileFile("openbao-cpu")) })
	go func() { done <- both.Wait() }()
	return done
}

func (b *bench) profileFile(name string) string {
	return filepath.Join(b.profile, fmt.Sprintf("%s-%d.pprof", name, b.n))
}

// printCalls prints what was asked of the API server and of Vault for the tenants.
func (b *bench) printCalls(ctx context.Context) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	calls, err := b.calls()
	if err != nil {
		return err
	}
	vault, err := b.vaultLog.vaultCalls()
	if err != nil {
		return err
	}
	n := float64(b.n)
	op, pods := calls["operator"], calls["runtime stand-in"]
	b.figures.printWithin("api_writes_per_tenant", float64(op.tenantWrites.sum())/n, maxTenantWrites, "writes")
	b.figures.print("cell_writes", float64(op.cellWrites.sum()), "writes")
	b.figures.print("live_reads", float64(op.reads.sum()), "reads")
	b.figures.print("runtime_writes", float64(pods.writes()), "writes")
	b.figures.printWithin("vault_calls_per_tenant", float64(vault.sum())/n, maxVaultCalls+vaultSlack/n, "calls")
	say("operator, tenants: %s", op.tenantWrites)
	say("operator, cells: %s", op.cellWrites)
	say("operator, reads: %s; watches that ended: %s", op.reads, op.watches)
	say("runtime stand-in: %s %s", pods.tenantWrites, pods.cellWrites)
	say("vault: %s", vault)
	return nil
}

// vaultSlack are the operator's own logins.
const vaultSlack = 10

func (b *bench) printCPU(took time.Duration, before, after map[string]time.Duration) {
	var total time.Duration
	var lines []string
	for name, used := range after {
		used -= before[name]
		total += used
		lines = append(lines, fmt.Sprintf("%s %.1f s", name, used.Seconds()))
	}
	slices.Sort(lines)
	say("processor time in %.1f s: %s; all %.1f s", took.Seconds(), strings.Join(lines, ", "), total.Seconds())
	b.figures.print("cpu", total.Seconds(), "s")
}

// progress says every few seconds how far it is.
func (b *bench) progress(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	began := time.Now()
	go func() {
		for tick := time.NewTicker(5 * time.Second); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
				ready, _ := b.user.count()
				rss, used, _ := b.operator.usage()
				say("%4.0f s: %d of %d Ready, operator %.0f MiB, %.1f s of CPU", time.Since(began).Seconds(), ready, b.n, rss, used.Seconds())
			}
		}
	}()
	return cancel
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// settle waits for the number of tenants in the cells' status, which follows by seconds.
func (b *bench) settle(ctx context.Context) error { return pause(ctx, 12*time.Second) }

// quiet forgets what was counted so far.
func (b *bench) quiet(ctx context.Context) error {
	if err := pause(ctx, 2*time.Second); err != nil {
		return err
	}
	_, err := b.calls()
	if err != nil {
		return err
	}
	_, err = b.vaultLog.vaultCalls()
	return err
}

// rest counts what an operator does that has nothing to do.
func (b *bench) rest(ctx context.Context) error {
	if err := b.quiet(ctx); err != nil {
		return err
	}
	before, err := b.cpus()
	if err != nil {
		return err
	}
	if err := pause(ctx, b.steady); err != nil {
		return err
	}
	after, err := b.cpus()
	if err != nil {
		return err
	}
	calls, err := b.calls()
	if err != nil {
		return err
	}
	vault, err := b.vaultLog.vaultCalls()
	if err != nil {
		return err
	}
	op := calls["operator"]
	b.figures.printWithin("steady_writes", float64(op.writes()), 0, "writes")
	b.figures.printWithin("steady_reads", float64(op.reads.sum()), 0, "reads")
	b.figures.print("steady_window", b.steady.Seconds(), "s")
	b.figures.print("steady_vault_calls", float64(vault.sum()), "calls")
	say("in %s: writes %s %s; reads %s; watches that ended %s; vault %s; operator's CPU %s", b.steady, op.tenantWrites, op.cellWrites,
		op.reads, op.watches, vault, after["operator"]-before["operator"])
	return nil
}

// storm edits one tenant a hundred times a second and makes another.
func (b *bench) storm(ctx context.Context) error {
	calm, err := b.user.timed(ctx, "calm")
	if err != nil {
		return err
	}
	storm, stop := context.WithCancel(ctx)
	defer stop()
	edits := make(chan int, 1)
	go func() { edits <- b.edit(storm, "tenant-00000") }()
	if err := pause(ctx, 2*time.Second); err != nil {
		return err
	}
	began := time.Now()
	troubled, err := b.user.timed(ctx, "during-storm")
	if err != nil {
		return err
	}
	if err := pause(ctx, 5*time.Second); err != nil {
		return err
	}
	stop()
	n := <-edits
	say("%d edits in %.1f s", n, time.Since(began).Seconds()+2)
	b.figures.print("ready_calm", calm.Seconds(), "s")
	b.figures.printWithin("ready_during_storm", troubled.Seconds(), maxReadyTroubled.Seconds(), "s")
	return b.settle(ctx)
}

// edit changes a tenant a hundred times a second.
func (b *bench) edit(ctx context.Context, name string) int {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return n
		case <-tick.C:
		}
		t := &v1alpha1.Tenant{}
		t.Name = name
		containment := []string{"ReadOnly", "None"}[n%2]
		patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"containment":%q}}`, containment))
		if err := b.client.Patch(ctx, t, patch); err != nil && ctx.Err() == nil {
			b.fail(err)
			return n
		}
	}
}

// restart counts what a new process writes that has nothing to do.
func (b *bench) restart(ctx context.Context) error {
	if err := b.quiet(ctx); err != nil {
		return err
	}
	if err := errors.Join(b.operator.stop(), b.operator.start()); err != nil {
		return err
	}
	if err := b.idle(ctx); err != nil {
		return err
	}
	calls, err := b.calls()
	if err != nil {
		return err
	}
	op := calls["operator"]
	b.figures.printWithin("restart_writes", float64(op.writes()), 0, "writes")
	b.figures.print("restart_reads", float64(op.reads.sum()), "reads")
	say("restart: writes %s %s; reads %s", op.tenantWrites, op.cellWrites, op.reads)
	return nil
}

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
		if err != nil {
			return err
		}
		if after-before < window/20 {
			return nil
		}
	}
}

// restartWithTenant makes a tenant while no operator runs.
func (b *bench) restartWithTenant(ctx context.Context) error {
	if err := b.operator.stop(); err != nil {
		return err
	}
	began := time.Now()
	if err := b.user.create(ctx, "during-restart"); err != nil {
		return err
	}
	if err := b.operator.start(); err != nil {
		return err
	}
	at, err := b.user.await(ctx, "during-restart")
	if err != nil {
		return err
	}
	b.figures.printWithin("ready_during_restart", at.Sub(began).Seconds(), maxReadyTroubled.Seconds(), "s")
	return b.idle(ctx)
}

// memory prints the most that any process of the operator ever had.
func (b *bench) memory(ctx context.Context) error {
	peak, _, err := b.operator.usage()
	if err != nil {
		return err
	}
	b.figures.printWithin("rss", peak, maxRSS, "MiB")
	if b.profile == "" {
		return nil
	}
	return saveProfile(ctx, http.DefaultClient, "http://"+pprofAddress+"/debug/pprof/heap", b.profileFile("operator-heap"))
}
