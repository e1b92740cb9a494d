package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// up starts the cluster, or checks the one that is there, and loads the images of this checkout.
func (d *demo) up(ctx context.Context, log io.Writer) error {
	up := []string{"up"}
	if d.fresh {
		up = append(up, "--fresh")
	}
	if err := d.tool(ctx, log, "devcluster", up...); err != nil {
		return err
	}
	if err := d.cluster.Connect(ctx, log); err != nil {
		return err
	}
	if d.cluster.Bin != "" {
		d.screen.typed(fmt.Sprintf("export KUBECONFIG=%s PATH=%s:$PATH", d.cluster.Kubeconfig, d.cluster.Bin))
	}
	return nil
}

// deploy installs config/default with the images of this checkout.
func (d *demo) deploy(ctx context.Context, log io.Writer) error {
	return d.tool(ctx, log, "deploy")
}

func (d *demo) makeCell(ctx context.Context, log io.Writer) error {
	if err := d.apply(ctx, log, samples+"/plan-starter.yaml", samples+"/cell-eu-1.yaml"); err != nil {
		return err
	}
	return d.ready(ctx, log, "cell", 8*time.Minute, cell)
}

// tool runs a program of hack/; its progress shows in the step's "still" lines.
func (d *demo) tool(ctx context.Context, log io.Writer, name string, args ...string) error {
	shown := append([]string{"run", "-C", "hack", "./" + name}, args...)
	d.screen.command("go", shown...)
	run := d.cluster.Command(ctx, "go", append(shown, "--state", d.cluster.State)...)
	run.Stdout, run.Stderr = log, log
	if err := run.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// kubectl shows a command, runs it and shows what it printed.
func (d *demo) kubectl(ctx context.Context, log io.Writer, args ...string) error {
	d.screen.command("kubectl", args...)
	out, err := d.cluster.Kubectl(ctx, args...)
	fmt.Fprintln(log, out)
	d.screen.lines(out)
	return err
}

func (d *demo) apply(ctx context.Context, log io.Writer, files ...string) error {
	var args []string
	for _, file := range files {
		args = append(args, "-f", file)
	}
	return d.kubectl(ctx, log, append([]string{"apply"}, args...)...)
}

func (d *demo) ready(ctx context.Context, log io.Writer, kind string, limit time.Duration, names ...string) error {
	d.screen.command("kubectl", append([]string{"wait", kind, "--for=condition=Ready", "--timeout=" + limit.String()}, names...)...)
	if err := d.cluster.Wait(ctx, log, kind, "Ready", limit, names...); err != nil {
		return err
	}
	table, err := d.cluster.Kubectl(ctx, append([]string{"get", kind}, names...)...)
	d.screen.lines(table)
	return err
}
