package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/checkout"
	"github.com/bulkhead-dev/bulkhead/hack/step"
)

// How long the steps may take: an image is compiled in the first.
const (
	buildLimit = 15 * time.Minute
	applyLimit = 2 * time.Minute
	startLimit = 3 * time.Minute
)

// deployment is one installation of the operator.
type deployment struct {
	repo     string // the checkout
	state    string // of the development cluster
	existing bool   // a cluster that is not ours
	cluster  kubectl
	report   *step.Reporter
}

func newDeployment(state string) (*deployment, error) {
	repo, state, err := checkout.Find(state)
	if err != nil {
		return nil, err
	}
	d := &deployment{
		repo:     repo,
		state:    state,
		existing: os.Getenv("USE_EXISTING_CLUSTER") == "true",
		cluster:  kubectl{program: "kubectl"},
		report:   step.New(os.Stderr, filepath.Join(state, "logs", "steps")),
	}
	if !d.existing {
		d.cluster.kubeconfig = filepath.Join(state, "kubeconfig")
	}
	return d, nil
}

// findKubectl finds the one that was built with the development cluster.
func (d *deployment) findKubectl(ctx context.Context, log io.Writer) error {
	if d.existing {
		return nil
	}
	binaries, err := d.devcluster(ctx, log, d.state, "binaries", "envtest")
	d.cluster.program = filepath.Join(strings.TrimSpace(binaries), "kubectl")
	return err
}

func (d *deployment) run(ctx context.Context, printOnly bool) error {
	var inputs inputs
	err := d.report.Run(ctx, "images", buildLimit, func(ctx context.Context, log io.Writer) (err error) {
		if err := d.findKubectl(ctx, log); err != nil {
			return err
		}
		inputs, err = d.inputs(ctx, log)
		return err
	})
	if err != nil {
		return err
	}
	var manifests string
	overlay := filepath.Join(d.state, "deploy")
	if err := inputs.writeOverlay(overlay, d.repo); err != nil {
		return err
	}
	if manifests, err = d.cluster.run(ctx, "", "kustomize", "--load-restrictor=LoadRestrictionsNone", overlay); err != nil {
		return err
	}
	if printOnly {
		fmt.Print(manifests)
		return nil
	}
	return d.install(ctx, manifests)
}

func (d *deployment) install(ctx context.Context, manifests string) error {
	err := d.report.Run(ctx, "apply config/default", applyLimit, func(ctx context.Context, log io.Writer) error {
		out, err := d.cluster.apply(ctx, manifests, "-f", "-")
		fmt.Fprint(log, out)
		return err
	})
	if err != nil {
		return err
	}
	return d.report.Run(ctx, "operator is up", startLimit, func(ctx context.Context, log io.Writer) error {
		out, err := d.cluster.run(ctx, "", "-n", "bulkhead-system", "rollout", "status", "deployment/bulkhead-manager", "--timeout=170s")
		fmt.Fprint(log, out)
		if err != nil {
			return fmt.Errorf("%w; see `kubectl -n bulkhead-system logs deployment/bulkhead-manager`", err)
		}
		return nil
	})
}

// devcluster runs a command of the development cluster in a state directory and returns what it printed.
func (d *deployment) devcluster(ctx context.Context, log io.Writer, state string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./devcluster", "--state", state}, args...)...)
	cmd.Dir = filepath.Join(d.repo, "hack")
	cmd.Stderr = io.MultiWriter(log, os.Stderr)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("devcluster %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}
