package isolation

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const (
	// settleLimit is how long a network plugin may take to know a new pod.
	settleLimit   = 20 * time.Second
	betweenRounds = time.Second
	// parallel probes and requests.
	parallel = 8
)

// network tries every target from every probe. What is not as expected is looked
// at again for a while; what counts is the last round, which is a whole one.
func (t *test) network(ctx context.Context, s *survey) ([]matrix.Result, error) {
	targets := t.targets(s)
	t.say("trying %d addresses from each", len(targets))
	known := t.listening(ctx, s)
	var first []matrix.Result
	for began := time.Now(); ; {
		observed, err := t.round(ctx, targets)
		if err != nil {
			return nil, err
		}
		results := matrix.Judge(observed, known)
		if first == nil {
			first = results
		}
		failed := failures(results)
		if failed == 0 || time.Since(began) > settleLimit {
			matrix.Remember(first, results)
			return results, nil
		}
		t.say("%d attempts not as expected, looking again: a network plugin takes a while to know new pods", failed)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(betweenRounds):
		}
	}
}

func failures(results []matrix.Result) int {
	n := 0
	for _, r := range results {
		if r.Verdict == matrix.Fail {
			n++
		}
	}
	return n
}

// round makes every attempt once, in an order that is the same each time.
func (t *test) round(ctx context.Context, targets []matrix.Target) ([]matrix.Observation, error) {
	observed := make([][]matrix.Observation, len(t.probes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, p := range t.probes {
		group.Go(func() (err error) {
			observed[i], err = t.observe(ctx, p, targets)
			return err
		})
	}
	err := group.Wait()
	var all []matrix.Observation
	for _, part := range observed {
		all = append(all, part...)
	}
	return all, err
}

// observe makes the attempts of one probe.
func (t *test) observe(ctx context.Context, p *probe, targets []matrix.Target) ([]matrix.Observation, error) {
	var observed []matrix.Observation
	var tasks []binding.ProbeTask
	for _, target := range targets {
		if _, tried := matrix.Relate(p.vantage, target); tried {
			observed = append(observed, matrix.Observation{From: p.vantage, To: target})
			tasks = append(tasks, binding.ProbeTask{Kind: target.Probe, Address: target.Address})
		}
	}
	results, err := t.try(ctx, p, attemptLimit, tasks)
	if err != nil {
		return nil, err
	}
	for i, result := range results {
		observed[i].Outcome, observed[i].Detail = result.Outcome, result.Detail
		observed[i].To.Address = result.Address
	}
	return observed, nil
}
