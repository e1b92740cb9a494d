package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	probes     = "hack/demo/probes.yaml"
	probeImage = "registry.local/bulkhead/probe:dev"
	strangers  = "bulkhead-demo-strangers"

	database = "database-rw.bulkhead-eu-1-db.svc:5432"
	dns      = "kube-dns.kube-system.svc:53" // everybody may reach it
)

// visit is an attempt to connect, and whether it has to succeed.
type visit struct {
	namespace, pod, to string
	allowed            bool
	what               string
}

// visits tries the strangers on DNS as well: that they reach nothing at all would prove no wall.
var visits = []visit{
	{runtimeNamespace, "probe", database, true, "a pod of the cell's runtime reaches PostgreSQL"},
	{strangers, "stranger", dns, true, "a stranger reaches DNS, so its network works"},
	{strangers, "stranger", database, false, "a stranger does not reach PostgreSQL"},
	{strangers, "impostor", dns, true, "a stranger with the runtime's labels reaches DNS"},
	{strangers, "impostor", database, false, "a stranger with the runtime's labels does not reach PostgreSQL"},
}

// testWalls sends real packets from pods that differ only in where they are and in their labels.
func (d *demo) testWalls(ctx context.Context, log io.Writer) error {
	defer d.removeProbes(ctx)
	if err := d.makeProbes(ctx, log); err != nil {
		return err
	}
	for _, v := range visits {
		if err := d.visit(ctx, log, v); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) makeProbes(ctx context.Context, log io.Writer) error {
	for _, command := range [][]string{
		{"delete", "namespace", strangers, "--ignore-not-found"}, // of a run that was killed
		{"create", "namespace", strangers},
		{"wait", "-n", strangers, "serviceaccount/default", "--for=create", "--timeout=30s"},
	} {
		if out, err := d.cluster.Kubectl(ctx, command...); err != nil {
			return err
		} else {
			fmt.Fprintln(log, out)
		}
	}
	manifest, err := os.ReadFile(filepath.Join(d.cluster.Repo, probes))
	if err != nil {
		return err
	}
	text := string(manifest)
	if image := os.Getenv("BULKHEAD_PROBE_IMAGE"); image != "" { // where it is in the user's own registry
		text = strings.ReplaceAll(text, probeImage, image)
	}
	d.screen.command("kubectl", "apply", "-f", probes)
	if err := d.cluster.Apply(ctx, text); err != nil {
		return err
	}
	return errors.Join(d.running(ctx, runtimeNamespace, "probe"), d.running(ctx, strangers, "stranger", "impostor"))
}

func (d *demo) running(ctx context.Context, namespace string, pods ...string) error {
	args := []string{"wait", "pod", "-n", namespace, "--for=jsonpath={.status.phase}=Running", "--timeout=60s"}
	_, err := d.cluster.Kubectl(ctx, append(args, pods...)...)
	return err
}

// visit tries one connection. A new pod's permissions take a moment to reach the node's packet filter,
// so one that is allowed is tried for a while; one that is not allowed must fail from the first packet.
func (d *demo) visit(ctx context.Context, log io.Writer, v visit) error {
	args := []string{"exec", "-n", v.namespace, v.pod, "--", "/probe", "tcp", v.to}
	d.screen.command("kubectl", args...)
	out, err := d.cluster.Kubectl(ctx, args...)
	for deadline := time.Now().Add(20 * time.Second); v.allowed && err != nil && time.Now().Before(deadline); {
		fmt.Fprintln(log, err)
		time.Sleep(500 * time.Millisecond)
		out, err = d.cluster.Kubectl(ctx, args...)
	}
	fmt.Fprintln(log, out)
	switch {
	case v.allowed && err != nil:
		return fmt.Errorf("it should hold that %s: %w", v.what, err)
	case !v.allowed && !strings.HasPrefix(out, "no connection to "+v.to):
		return fmt.Errorf("it should hold that %s; the probe said: %s %w", v.what, out, err)
	}
	d.screen.say("%s: %s", v.what, out)
	return nil
}

// removeProbes is a courtesy: the next run removes what is left.
func (d *demo) removeProbes(ctx context.Context) {
	_, _ = d.cluster.Kubectl(ctx, "delete", "pod", "-n", runtimeNamespace, "probe", "--ignore-not-found", "--wait=false")
	_, _ = d.cluster.Kubectl(ctx, "delete", "namespace", strangers, "--ignore-not-found", "--wait=false")
}
