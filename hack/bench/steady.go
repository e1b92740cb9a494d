package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/bench/figure"
)

const (
	operatorNamespace  = "bulkhead-system"
	operatorDeployment = "deployment/bulkhead-manager"
	operator           = "system:serviceaccount:bulkhead-system:bulkhead-manager"
)

// settling is for the number of tenants in the Cell's status, which follows the last tenant by seconds.
const settling = 10 * time.Second

// steady counts what the operator writes while nothing changes: over a quiet time, and over a restart,
// after which it looks at every object anew.
func (p *provision) steady(ctx context.Context, log io.Writer) error {
	path, err := p.cluster.AuditLog()
	if err != nil {
		return err
	}
	tenants, err := p.cluster.Kubectl(ctx, "get", "tenants", "--no-headers", "-o", "name")
	if err != nil {
		return err
	}
	if err := pause(ctx, settling); err != nil {
		return err
	}
	quiet, err := p.count(ctx, log, path, "quiet", nil)
	if err != nil {
		return err
	}
	restart, err := p.count(ctx, log, path, "restart", p.restart)
	if err != nil {
		return err
	}
	if restart.requests == 0 {
		return fmt.Errorf("%s holds no request of %s over its restart: nothing was measured", path, operator)
	}
	return figure.Figure{
		Bench: "provision", Case: "steady", Metric: "writes",
		Value: float64(quiet.total() + restart.total()), Unit: "count", N: lineCount(tenants),
	}.Print(os.Stdout)
}

// count tallies a window that begins with an action.
func (p *provision) count(ctx context.Context, log io.Writer, path, name string, begin func(context.Context, io.Writer) error) (tally, error) {
	mark, err := auditMark(path)
	if err != nil {
		return tally{}, err
	}
	if begin != nil {
		if err := begin(ctx, log); err != nil {
			return tally{}, err
		}
	}
	fmt.Fprintf(log, "%s: waiting for %s\n", name, p.window)
	if err := pause(ctx, p.window); err != nil {
		return tally{}, err
	}
	found, err := mark.tally(operator)
	fmt.Fprintf(os.Stderr, "%s: %d requests of the operator, %d of them writes %v\n", name, found.requests, found.total(), found.writes)
	return found, err
}

func (p *provision) restart(ctx context.Context, log io.Writer) error {
	return p.kubectl(ctx, log,
		[]string{"rollout", "restart", operatorDeployment, "-n", operatorNamespace},
		[]string{"rollout", "status", operatorDeployment, "-n", operatorNamespace, "--timeout=2m"},
	)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
