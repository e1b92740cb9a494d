package kube

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// Kubectl runs kubectl on a cluster that devcluster runs.
type Kubectl struct {
	program    string
	kubeconfig string
}

// NewKubectl returns the kubectl that was built with the cluster.
func NewKubectl(cluster state.Cluster, settings state.Settings) Kubectl {
	return Kubectl{program: settings.Binaries + "/kubectl", kubeconfig: cluster.Kubeconfig()}
}

// Apply applies manifests on the server's side.
func (k Kubectl) Apply(ctx context.Context, log io.Writer, manifests string) error {
	return k.run(ctx, log, manifests, "apply", "--server-side", "--force-conflicts", "-f", "-")
}

// RolledOut waits until a workload runs as it was last applied.
func (k Kubectl) RolledOut(ctx context.Context, log io.Writer, namespace, workload string) error {
	return k.run(ctx, log, "", "-n", namespace, "rollout", "status", workload)
}

// Run runs kubectl with any arguments.
func (k Kubectl) Run(ctx context.Context, log io.Writer, args ...string) error {
	return k.run(ctx, log, "", args...)
}

// Accepts asks the API server, webhooks included, whether it would take a manifest.
func (k Kubectl) Accepts(ctx context.Context, log io.Writer, manifest string) error {
	return k.run(ctx, log, manifest, "create", "--dry-run=server", "-f", "-")
}

func (k Kubectl) run(ctx context.Context, log io.Writer, stdin string, args ...string) error {
	cmd := exec.CommandContext(ctx, k.program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+k.kubeconfig)
	cmd.Stdin = strings.NewReader(stdin)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = log, io.MultiWriter(log, &said)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return nil
}
