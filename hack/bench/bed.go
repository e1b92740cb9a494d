package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/demo/cluster"
	"github.com/bulkhead-dev/bulkhead/hack/step"
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

// connectLimit is for kubectl, which may have to be built.
const connectLimit = 10 * time.Minute

// removeLimit is for two hundred tenants, and a PostgreSQL cluster that ends in its own time.
const removeLimit = 20 * time.Minute

// bed is where a benchmark is made: a running cluster with a Cell of its own, bench, which is removed with
// everything in it at the end.
type bed struct {
	cluster *cluster.Cluster
	report  *step.Reporter
	run     string // tells the tenants of this run from others
	tenants *tenants
}

// command makes a subcommand of a benchmark, which do begins once its flags are read.
func (b *bed) command(command *cobra.Command, do func(context.Context) error) *cobra.Command {
	b.run = time.Now().UTC().Format("150405")
	var state string
	command.Args = cobra.NoArgs
	command.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if b.cluster, err = cluster.At(state); err != nil {
			return err
		}
		b.report = step.New(os.Stderr, b.cluster.Logs())
		fmt.Fprintln(os.Stderr, machine())
		return do(cmd.Context())
	}
	command.Flags().StringVar(&state, "state", os.Getenv("BULKHEAD_STATE"),
		"directory of the devcluster (default .devcluster in the repository, or $BULKHEAD_STATE)")
	return command
}

// during does something on the bed: it is made first, and removed after, also after a failure or an interrupt.
func (b *bed) during(ctx context.Context, limit time.Duration, do func(context.Context) error) (err error) {
	if err := b.report.Run(ctx, "connect", connectLimit, b.cluster.Connect); err != nil {
		return err
	}
	defer func() {
		ctx := context.WithoutCancel(ctx)
		err = errors.Join(err, b.report.Run(ctx, "remove the cell bench", removeLimit, func(ctx context.Context, log io.Writer) error {
			return b.remove(ctx, log, "--wait=false") // the next run waits for namespaces that end
		}))
	}()
	if err := b.makeCell(ctx); err != nil {
		return err
	}
	stop, err := b.watch(ctx, limit)
	if err != nil {
		return err
	}
	defer stop()
	return do(ctx)
}

// makeCell makes the cell; what a run that was killed has left goes first.
func (b *bed) makeCell(ctx context.Context) error {
	if err := b.report.Run(ctx, "remove what an earlier run left", removeLimit, func(ctx context.Context, log io.Writer) error {
		return b.remove(ctx, log)
	}); err != nil {
		return err
	}
	return b.report.Run(ctx, "cell bench", 10*time.Minute, func(ctx context.Context, log io.Writer) error {
		if _, err := b.cluster.Kubectl(ctx, "apply", "-f", "config/samples/plan-starter.yaml"); err != nil {
			return fmt.Errorf("deploy the operator first (make demo does): %w", err)
		}
		if err := b.cluster.Apply(ctx, benchCell); err != nil {
			return err
		}
		return b.cluster.Wait(ctx, log, "cell", "Ready", 8*time.Minute, "bench")
	})
}

// remove deletes the tenants, then their data. Deleting a Tenant only retains its data, and a cell that
// holds data is not deleted: the Bindings of the benchmark's tenants have to be removed by hand.
func (b *bed) remove(ctx context.Context, log io.Writer, cellFlags ...string) error {
	if err := b.removeTenants(ctx, log); err != nil {
		return err
	}
	return b.kubectl(ctx, log,
		[]string{"delete", "secrets", "-n", "bulkhead-bench", "-l", "bulkhead.dev/kind=binding", "--ignore-not-found"},
		append([]string{"delete", "cell", "bench", "--ignore-not-found"}, cellFlags...),
	)
}

// removeTenants deletes the tenants of every run, and the cells that they owned with their data.
func (b *bed) removeTenants(ctx context.Context, log io.Writer) error {
	if err := b.kubectl(ctx, log, []string{"delete", "tenants", "-l", labelRun, "--ignore-not-found"}); err != nil {
		return err
	}
	cells, err := b.cluster.Kubectl(ctx, "get", "cells", "-l", "bulkhead.dev/tenant", "--no-headers",
		"-o", `custom-columns=CELL:.metadata.name,ID:.spec.tenantID,TENANT:.metadata.labels.bulkhead\.dev/tenant`)
	if err != nil {
		return err
	}
	for line := range strings.Lines(cells) {
		fields := strings.Fields(line)
		if len(fields) != 3 || !made.MatchString(fields[2]) {
			continue
		}
		if err := b.kubectl(ctx, log,
			[]string{"annotate", "cell", fields[0], "--overwrite", "bulkhead.dev/discard-data=" + fields[1]},
			[]string{"delete", "cell", fields[0]},
		); err != nil {
			return err
		}
	}
	return nil
}

// made matches the names of the tenants that any run makes.
var made = regexp.MustCompile(`^bench-[0-9]{6}-`)

// name is that of one of this run's tenants.
func (b *bed) name(format string, args ...any) string {
	return "bench-" + b.run + "-" + fmt.Sprintf(format, args...)
}

func (b *bed) kubectl(ctx context.Context, log io.Writer, commands ...[]string) error {
	for _, command := range commands {
		out, err := b.cluster.Kubectl(ctx, command...)
		fmt.Fprintln(log, out)
		if err != nil {
			return err
		}
	}
	return nil
}
