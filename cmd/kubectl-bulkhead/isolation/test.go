package isolation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
)

// test is one run.
type test struct {
	Options
	client client.Client
	core   rest.Interface // of the core API, for what is streamed
	until  time.Time      // when what was made is of no more use

	// What was made, for it to be removed.
	foreign *corev1.Namespace
	probes  []*probe
}

func newTest(o Options) (*test, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	o.Config = rest.CopyConfig(o.Config)
	o.Config.QPS, o.Config.Burst = 100, 200
	// The refused attempts come with warnings, which are not the user's.
	o.Config.WarningHandlerWithContext = rest.NoWarnings{}
	core, err := corev1client.NewForConfig(o.Config)
	if err != nil {
		return nil, err
	}
	c, err := client.New(o.Config, client.Options{Scheme: scheme})
	return &test{Options: o, client: c, core: core.RESTClient(), until: time.Now().Add(o.Timeout + time.Minute)}, err
}

// Run tests a cluster. An error means that there is no result; whatever the test
// made is removed in any case.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	t, err := newTest(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("it took longer than %s; --timeout allows more", o.Timeout))
	defer cancel()
	defer t.remove(ctx)
	r, err := t.run(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // says more than what it was in the middle of
	}
	return r, err
}

func (t *test) run(ctx context.Context) (*report.Report, error) {
	if err := t.authorize(ctx); err != nil {
		return nil, err
	}
	if err := t.removeLeftovers(ctx, time.Now()); err != nil {
		return nil, err
	}
	s, err := t.survey(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.startProbes(ctx, s); err != nil {
		return nil, err
	}
	r := s.report(t.Seed)
	if r.Network, err = t.network(ctx, s); err != nil {
		return nil, err
	}
	r.Policies = s.foreignPolicies()
	r.Checks, err = t.checks(ctx, s)
	return r, err
}

// checks are made of every cell, and then of what lies between them.
func (t *test) checks(ctx context.Context, s *survey) ([]report.Check, error) {
	t.say("trying the API server and Vault")
	var all []report.Check
	for _, check := range []func(context.Context, *survey, *cell) ([]report.Check, error){
		t.policies, t.podSecurity, t.namespaceLabels, t.identity,
	} {
		found := make([][]report.Check, len(s.cells))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(parallel)
		for i, c := range s.cells {
			group.Go(func() (err error) {
				found[i], err = check(ctx, s, c)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		all = append(all, slices.Concat(found...)...)
	}
	for _, check := range []func(context.Context, *survey) ([]report.Check, error){t.foreignLabels, t.keys} {
		found, err := check(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// report is one without findings.
func (s *survey) report(seed uint64) *report.Report {
	r := &report.Report{Seed: seed, CellsInAll: s.cellsInAll}
	for _, c := range s.cells {
		cell := report.Cell{Name: c.name, Runtime: c.runtime != nil, Database: c.database, Tenants: len(c.tenants)}
		for i := range c.sample {
			cell.Sample = append(cell.Sample, c.sample[i].Name)
		}
		r.Cells = append(r.Cells, cell)
	}
	return r
}

// say tells people how far it is.
func (t *test) say(format string, args ...any) { fmt.Fprintf(t.Progress, format+"\n", args...) }
