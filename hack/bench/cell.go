package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// benchCell has labels that only the benchmark's tenants select.
const benchCell = `apiVersion: bulkhead.dev/v1alpha1
kind: Cell
metadata: {name: bench, labels: {purpose: bench}}
spec:
  capacity: 1000
  database: {instances: 1, storage: 2Gi}
  runtime: {replicas: 2}
`

// removeLimit is for two hundred tenants, and a PostgreSQL cluster that ends in its own time.
const removeLimit = 20 * time.Minute

// setUp makes the cell; what a run that was killed has left goes first.
func (p *provision) setUp(ctx context.Context) error {
	if err := p.report.Run(ctx, "remove what an earlier run left", removeLimit, func(ctx context.Context, log io.Writer) error {
		return p.remove(ctx, log)
	}); err != nil {
		return err
	}
	return p.report.Run(ctx, "cell bench", 10*time.Minute, func(ctx context.Context, log io.Writer) error {
		if _, err := p.cluster.Kubectl(ctx, "apply", "-f", "config/samples/plan-starter.yaml"); err != nil {
			return fmt.Errorf("deploy the operator first (make demo does): %w", err)
		}
		if err := p.cluster.Apply(ctx, benchCell); err != nil {
			return err
		}
		return p.cluster.Wait(ctx, log, "cell", "Ready", 8*time.Minute, "bench")
	})
}

// cleanUp removes everything, also after a failure or an interrupt. The cell's namespaces may go on ending
// for a while: the next run waits for that.
func (p *provision) cleanUp(ctx context.Context, failure error) error {
	ctx = context.WithoutCancel(ctx)
	return errors.Join(failure, p.report.Run(ctx, "remove the cell bench", removeLimit, func(ctx context.Context, log io.Writer) error {
		return p.remove(ctx, log, "--wait=false")
	}))
}

// remove deletes the tenants, then their data. Deleting a Tenant only retains its data, and a cell that
// holds data is not deleted: the Bindings of the benchmark's tenants have to be removed by hand.
func (p *provision) remove(ctx context.Context, log io.Writer, cellFlags ...string) error {
	for _, command := range [][]string{
		{"delete", "tenants", "-l", labelRun, "--ignore-not-found"},
		{"delete", "secrets", "-n", "bulkhead-bench", "-l", "bulkhead.dev/kind=binding", "--ignore-not-found"},
		append([]string{"delete", "cell", "bench", "--ignore-not-found"}, cellFlags...),
	} {
		out, err := p.cluster.Kubectl(ctx, command...)
		fmt.Fprintln(log, out)
		if err != nil {
			return err
		}
	}
	return nil
}
