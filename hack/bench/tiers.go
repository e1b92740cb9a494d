package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/bench/figure"
)

const tiersLong = `tiers measures how long a tenant of each tier takes from its creation to its condition Ready, as a watch
sees it. The tenants are made one after the other, and each is removed with its data before the next. The
figure is the slowest of --repeat tenants.

It needs a cluster with the operator deployed, and for DedicatedCluster the second one (make
devcluster-up-second deploy-second). It works in a Cell of its own, bench, and removes it at the end.`

// ownLimit is how long a tenant with something of its own may take before the benchmark is given up.
const ownLimit = 5 * time.Minute

// tiers is the benchmark and what it works with.
type tiers struct {
	bed
	repeat     int
	kubeconfig string // Secret with that of the cluster of a DedicatedCluster tenant
	cases      []string
}

func tiersCommand() *cobra.Command {
	t := &tiers{}
	command := t.command(&cobra.Command{
		Use:   "tiers",
		Short: "Measure from a tenant's creation to Ready, for each tier",
		Long:  tiersLong,
	}, t.measure)
	command.Flags().IntVar(&t.repeat, "repeat", 3, "how many tenants to make of each tier")
	command.Flags().StringVar(&t.kubeconfig, "kubeconfig-secret", "second",
		"Secret in bulkhead-clusters with the kubeconfig of the other cluster")
	command.Flags().StringSliceVar(&t.cases, "cases",
		[]string{"Shared", "DedicatedDatabase", "DedicatedPods", "DedicatedCluster"}, "the tiers to measure")
	return command
}

func (t *tiers) measure(ctx context.Context) error {
	if t.repeat < 1 {
		return fmt.Errorf("--repeat %d: make at least one tenant of each tier", t.repeat)
	}
	return t.during(ctx, ownLimit, func(ctx context.Context) error {
		if err := t.report.Run(ctx, "plans", connectLimit, t.plans); err != nil {
			return err
		}
		for _, name := range t.cases {
			if err := t.report.Run(ctx, name, time.Hour, func(ctx context.Context, log io.Writer) error {
				return t.one(ctx, log, name)
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// plans are those that the tiers default to, and the other cluster is there.
func (t *tiers) plans(ctx context.Context, log io.Writer) error {
	if err := t.kubectl(ctx, log, []string{"apply", "-f", "config/samples/tiers/plans.yaml"}); err != nil {
		return err
	}
	if !slices.Contains(t.cases, "DedicatedCluster") {
		return nil
	}
	if err := t.kubectl(ctx, log, []string{"get", "secret", "-n", "bulkhead-clusters", t.kubeconfig, "-o", "name"}); err != nil {
		return fmt.Errorf("no other cluster (make devcluster-up-second deploy-second, or leave DedicatedCluster out of --cases): %w", err)
	}
	return nil
}

// one measures a tier.
func (t *tiers) one(ctx context.Context, log io.Writer, tier string) error {
	spec := sharedSpec()
	maps.Copy(spec, map[string]any{"tier": tier})
	if tier == "DedicatedCluster" {
		spec["cluster"] = map[string]any{"kubeconfigSecretRef": map[string]string{"name": t.kubeconfig}}
	}
	var took []time.Duration
	for i := range t.repeat {
		one, err := t.tenants.make(ctx, spec, t.name("%s-%d", strings.ToLower(tier), i))
		if err != nil {
			return err
		}
		took = append(took, one...)
		fmt.Fprintf(log, "%d of %d tenants, the last in %s\n", len(took), t.repeat, one[0].Round(time.Millisecond))
		if err := t.removeTenants(ctx, log); err != nil {
			return err
		}
	}
	return figure.Figure{
		Bench: "tiers", Case: tier, Metric: "ready", Value: slices.Max(took).Seconds(), Unit: "s", N: len(took),
	}.Print(os.Stdout)
}
