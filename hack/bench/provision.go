package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/bench/figure"
	"github.com/bulkhead-dev/bulkhead/hack/step"
)

const provisionLong = `provision measures how long a Shared tenant takes from its creation to its condition Ready, as a watch
sees it, and what the operator writes when there is nothing to do:

  serial    tenants one after the other
  burst20   tenants twenty at a time
  steady    writes in the API server's audit log over a quiet time, and after a restart of the operator

It needs a cluster with the operator deployed. It works in a Cell of its own, bench, and removes it with
everything in it at the end. The keys of its tenants stay in the Vault: the operator may not destroy any.`

// How long a tenant may take before the benchmark is given up, and how many are made at a time.
const (
	tenantLimit = time.Minute
	burst       = 20
)

// provision is the benchmark and what it works with.
type provision struct {
	bed
	n      int
	window time.Duration
	cases  []string
}

func provisionCommand() *cobra.Command {
	p := &provision{}
	command := p.command(&cobra.Command{
		Use:   "provision",
		Short: "Measure from a tenant's creation to Ready, and the operator's writes at rest",
		Long:  provisionLong,
	}, p.measure)
	command.Flags().IntVar(&p.n, "tenants", 100, "how many tenants to make in each of serial and burst20")
	command.Flags().DurationVar(&p.window, "window", time.Minute, "how long to count writes for, before a restart and after it")
	command.Flags().StringSliceVar(&p.cases, "cases", []string{"serial", "burst20", "steady"}, "what to measure")
	return command
}

func (p *provision) measure(ctx context.Context) error {
	if p.n < burst || p.n%burst != 0 || 2*p.n > 1000 {
		return fmt.Errorf("--tenants %d: give a multiple of %d up to 500", p.n, burst)
	}
	return p.during(ctx, tenantLimit, func(ctx context.Context) error {
		for _, c := range []struct {
			name string
			do   step.Func
		}{{"serial", p.serial}, {"burst20", p.burst20}, {"steady", p.steady}} {
			if !slices.Contains(p.cases, c.name) {
				continue
			}
			if err := p.report.Run(ctx, c.name, time.Hour, c.do); err != nil {
				return err
			}
		}
		return nil
	})
}

// serial makes tenants one after the other.
func (p *provision) serial(ctx context.Context, log io.Writer) error {
	var took []time.Duration
	for i := range p.n {
		one, err := p.tenants.make(ctx, sharedSpec(), p.name("s%03d", i))
		if err != nil {
			return err
		}
		took = append(took, one...)
		fmt.Fprintf(log, "%d of %d tenants, the last in %s\n", len(took), p.n, one[0].Round(time.Millisecond))
	}
	return printPercentiles("serial", took)
}

// burst20 makes tenants twenty at a time.
func (p *provision) burst20(ctx context.Context, log io.Writer) error {
	var took []time.Duration
	for len(took) < p.n {
		var names []string
		for i := range burst {
			names = append(names, p.name("b%03d", len(took)+i))
		}
		some, err := p.tenants.make(ctx, sharedSpec(), names...)
		if err != nil {
			return err
		}
		took = append(took, some...)
		fmt.Fprintf(log, "%d of %d tenants, the slowest of these in %s\n", len(took), p.n, slices.Max(some).Round(time.Millisecond))
	}
	return printPercentiles("burst20", took)
}

func printPercentiles(name string, took []time.Duration) error {
	for _, percent := range []int{50, 99} {
		f := figure.Figure{
			Bench: "provision", Case: name, Metric: fmt.Sprintf("p%d", percent),
			Value: percentile(took, percent).Seconds(), Unit: "s", N: len(took),
		}
		if err := f.Print(os.Stdout); err != nil {
			return err
		}
	}
	return nil
}
