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

// patience is how long the node's packet filter may take to learn of a new pod.
const patience = 20 * time.Second

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
	{runtimeNamespace, "probe", database, true, "PostgreSQL answers the runtime all the while"},
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
		out, err := d.cluster.Kubectl(ctx, command...)
		fmt.Fprintln(log, out)
		if err != nil {
			return err
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
	said, err := d.cluster.Kubectl(ctx, args...)
	for until := time.Now().Add(patience); v.allowed && err != nil && ctx.Err() == nil && time.Now().Before(until); {
		fmt.Fprintln(log, said)
		time.Sleep(time.Second)
		said, err = d.cluster.Kubectl(ctx, args...)
	}
	fmt.Fprintln(log, said)
	if v.allowed != (err == nil) || !v.allowed && !stopped(said, v.to) {
		return errors.Join(fmt.Errorf("it does not hold that %s; the probe says %q", v.what, said), err)
	}
	d.screen.say("%s:", v.what)
	d.screen.say("→ %s", said)
	return nil
}

// stopped says whether it was the connection that failed, and not the program or the name's resolution.
func stopped(said, to string) bool {
	return strings.HasPrefix(said, "no connection to "+to) && !strings.Contains(said, "lookup ")
}

// removeProbes is a courtesy, also to who interrupts the demo: the next run removes what is left.
func (d *demo) removeProbes(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, _ = d.cluster.Kubectl(ctx, "delete", "pod", "-n", runtimeNamespace, "probe", "--ignore-not-found", "--wait=false")
	_, _ = d.cluster.Kubectl(ctx, "delete", "namespace", strangers, "--ignore-not-found", "--wait=false")
}
