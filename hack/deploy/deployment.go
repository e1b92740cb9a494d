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
	program  string // kubectl
	report   *step.Reporter
}

func newDeployment(ctx context.Context, state string) (*deployment, error) {
	repo, err := repository(ctx)
	if err != nil {
		return nil, err
	}
	if state == "" {
		state = filepath.Join(repo, ".devcluster")
	}
	if state, err = filepath.Abs(state); err != nil {
		return nil, err
	}
	return &deployment{
		repo:     repo,
		state:    state,
		existing: os.Getenv("USE_EXISTING_CLUSTER") == "true",
		program:  "kubectl",
		report:   step.New(os.Stderr, filepath.Join(state, "logs", "steps")),
	}, nil
}

func repository(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil // this module is in its folder hack
}

func (d *deployment) run(ctx context.Context, printOnly bool) error {
	var inputs inputs
	err := d.report.Run(ctx, "images", buildLimit, func(ctx context.Context, log io.Writer) (err error) {
		if inputs, err = d.inputs(ctx, log); err != nil || d.existing {
			return err
		}
		binaries, err := d.devcluster(ctx, log, "binaries", "envtest")
		d.program = filepath.Join(strings.TrimSpace(binaries), "kubectl")
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
	if manifests, err = d.kubectl(ctx, "", "kustomize", "--load-restrictor=LoadRestrictionsNone", overlay); err != nil {
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
		out, err := d.kubectl(ctx, manifests, "apply", "--server-side", "--force-conflicts", "-f", "-")
		fmt.Fprint(log, out)
		return err
	})
	if err != nil {
		return err
	}
	return d.report.Run(ctx, "operator is up", startLimit, func(ctx context.Context, log io.Writer) error {
		out, err := d.kubectl(ctx, "", "-n", "bulkhead-system", "rollout", "status", "deployment/bulkhead-manager", "--timeout=170s")
		fmt.Fprint(log, out)
		if err != nil {
			return fmt.Errorf("%w; see `kubectl -n bulkhead-system logs deployment/bulkhead-manager`", err)
		}
		return nil
	})
}

// kubectl runs against the development cluster, or the one of $KUBECONFIG.
func (d *deployment) kubectl(ctx context.Context, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, d.program, args...)
	cmd.Env = os.Environ()
	if !d.existing {
		cmd.Env = append(cmd.Env, "KUBECONFIG="+filepath.Join(d.state, "kubeconfig"))
	}
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

// devcluster runs a command of the development cluster and returns what it printed.
func (d *deployment) devcluster(ctx context.Context, log io.Writer, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./devcluster", "--state", d.state}, args...)...)
	cmd.Dir = filepath.Join(d.repo, "hack")
	cmd.Stderr = io.MultiWriter(log, os.Stderr)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("devcluster %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}
