// Package cluster knows the Kubernetes cluster that the demo and the benchmarks use: the devcluster, or
// with USE_EXISTING_CLUSTER=true the one that KUBECONFIG names.
package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulkhead-dev/bulkhead/hack/checkout"
)

// Cluster is a cluster and the kubectl to use it with.
type Cluster struct {
	Repo       string // the checkout; commands run there
	State      string // the devcluster's state directory
	Kubeconfig string
	Bin        string // the directory with kubectl; "" if it is on PATH
}

// At is the cluster of a state directory, running or not. No directory means the default one.
func At(state string) (*Cluster, error) {
	repo, dir, err := checkout.Find(state)
	return &Cluster{Repo: repo, State: dir}, err
}

// Existing says whether a cluster of the user's own is to be used.
func Existing() bool { return os.Getenv("USE_EXISTING_CLUSTER") == "true" }

// Connect finds the cluster's kubeconfig and kubectl.
func (c *Cluster) Connect(ctx context.Context, log io.Writer) error {
	if Existing() {
		c.Kubeconfig = os.Getenv("KUBECONFIG")
		return nil
	}
	var err error
	if c.Kubeconfig, err = c.devcluster(ctx, log, "kubeconfig"); err != nil {
		return err
	}
	c.Bin, err = c.devcluster(ctx, log, "binaries", "envtest")
	return err
}

// Known says whether the cluster was started before, whether or not it runs.
func (c *Cluster) Known() bool {
	_, err := os.Stat(filepath.Join(c.State, "kubeconfig"))
	return Existing() || err == nil
}

// AuditLog is the API server's, which only the devcluster keeps within reach.
func (c *Cluster) AuditLog() (string, error) {
	if Existing() {
		return "", fmt.Errorf("the audit log of a cluster of your own cannot be read from here; run this on the devcluster")
	}
	return filepath.Join(c.State, "logs", "audit.log"), nil
}

// Logs is where steps keep their logs.
func (c *Cluster) Logs() string { return filepath.Join(c.State, "logs", "steps") }

func (c *Cluster) devcluster(ctx context.Context, log io.Writer, args ...string) (string, error) {
	run := c.Command(ctx, "go", append([]string{"run", "-C", "hack", "./devcluster", "--state", c.State}, args...)...)
	run.Stderr = log
	out, err := run.Output()
	if err != nil {
		return "", fmt.Errorf("devcluster %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
