package scale

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// What a tenant's creation may cost.
const (
	maxAllReady   = 4 * time.Minute
	maxAPIWrites  = 4 // a tenant: finalizer, credential, Binding, status
	maxVaultCalls = 5 // a tenant: key, policy, role; login and wrapped key by a runtime
)

// tenantObjects are the Kubernetes objects of a Shared tenant: the Tenant, its
// credential and its Binding.
const tenantObjects = 3

// makeCells brings up the cells and the stand-in for their runtimes.
func (b *bench) makeCells(ctx context.Context) error {
	names := cellNames(b.n)
	began := time.Now()
	if err := createCells(ctx, b.client, names); err != nil {
		return err
	}
	if err := readyCells(ctx, b.client, names, string(b.kube.Admin.CAData)); err != nil {
		return err
	}
	b.cellsTook = time.Since(began)
	b.figures.print("cells_ready", b.cellsTook.Seconds(), "s")
	for _, name := range names {
		if err := startPods(ctx, b.fail, b.kube, b.bao, name, b.dir); err != nil {
			return err
		}
	}
	var err error
	if b.user, err = watchTenants(ctx, b.kube, b.client); err != nil {
		return err
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	b.empty, _, err = b.operator.usage()
	return err
}

// makeTenants makes all tenants and counts what they cost.
func (b *bench) makeTenants(ctx context.Context) error {
	if err := b.forget(ctx); err != nil {
		return err
	}
	before, err := b.cpus()
	if err != nil {
		return err
	}
	began := time.Now()
	defer b.progress(ctx, began)()
	profiled := b.startProfiles(ctx)
	if err := b.user.createAll(ctx, b.n); err != nil {
		return err
	}
	created := time.Since(began)
	if err := b.user.awaitAll(ctx, b.n); err != nil {
		return err
	}
	took := time.Since(began)
	after, err := b.cpus()
	if err != nil {
		return err
	}
	b.figures.printWithin("all_ready", (b.cellsTook + took).Seconds(), maxAllReady.Seconds(), "s")
	b.figures.print("tenants_applied", created.Seconds(), "s")
	b.printCPU(took, before, after)
	if err := <-profiled; err != nil {
		return err
	}
	return b.printCalls(ctx)
}

// printCPU says who used the processor time.
func (b *bench) printCPU(took time.Duration, before, after map[string]time.Duration) {
	var total time.Duration
	var lines []string
	for name, used := range after {
		used -= before[name]
		total += used
		lines = append(lines, fmt.Sprintf("%s %.1f s", name, used.Seconds()))
	}
	slices.Sort(lines)
	cores := float64(runtime.NumCPU())
	say("processor time: %s; together %.1f s, %.0f s on each of %.0f cores; %.0f s went by", strings.Join(lines, ", "),
		total.Seconds(), total.Seconds()/cores, cores, took.Seconds())
	b.figures.print("cpu_kubernetes", (after[apiServer] + after[etcd] - before[apiServer] - before[etcd]).Seconds(), "s")
	b.figures.print("cpu", total.Seconds(), "s")
	b.figures.print("cpu_operator", (after[manager] - before[manager]).Seconds(), "s")
}

// printCalls prints what was asked of the API server and of Vault, and how long
// the API server and etcd of this machine need for so many plain writes.
func (b *bench) printCalls(ctx context.Context) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	operator, pods, err := readAPI(b.apiLog)
	if err != nil {
		return err
	}
	toVault, podsToVault, err := readVault(b.vaultLog)
	if err != nil {
		return err
	}
	n := float64(b.n)
	b.figures.printWithin("api_writes_per_tenant", float64(operator.tenantWrites.sum())/n, maxAPIWrites, "writes")
	b.figures.print("cell_writes", float64(operator.cellWrites.sum()), "writes")
	b.figures.print("objects_per_tenant", tenantObjects, "objects")
	b.figures.printWithin("vault_calls_per_tenant", float64(toVault.sum()+podsToVault.sum())/n, maxVaultCalls, "calls")
	b.figures.print("vault_calls_per_tenant_operator", float64(toVault.sum())/n, "calls")
	b.figures.print("runtime_stand_in_writes", float64(pods.writes()), "writes")
	writes := operator.writes() + pods.writes() + b.n // and the user's
	b.figures.print("floor", float64(writes)/b.plainWrites, "s")
	say("operator, about tenants: %s", operator.tenantWrites)
	say("operator, about cells: %s", operator.cellWrites)
	say("operator, live reads: %s", operator.reads)
	say("operator, to Vault: %s", toVault)
	say("runtime stand-in: %s; to Vault: %s", pods.cellWrites, podsToVault)
	return nil
}

// progress says every few seconds how far it is, until stop.
func (b *bench) progress(ctx context.Context, began time.Time) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for pause(ctx, 5*time.Second) == nil {
			ready, _ := b.user.count()
			rss, used, _ := b.operator.usage()
			say("%4.0f s: %d of %d Ready, operator %.0f MiB, %.1f s of CPU", time.Since(began).Seconds(), ready, b.n, rss, used.Seconds())
		}
	}()
	return cancel
}
