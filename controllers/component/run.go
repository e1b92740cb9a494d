package component

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// Result is what a run of all components came to.
type Result struct {
	// Outcomes are in the order of the components.
	Outcomes []Named
	// After is the smallest wait that a component asked for; zero: none did.
	After time.Duration
	// Err joins the unexpected errors.
	Err error
}

// Named is the Outcome of the component that owns a condition.
type Named struct {
	Condition string
	Outcome
}

// And is the Result of this run and another, this one first.
func (r Result) And(other Result) Result {
	both := Result{Outcomes: slices.Concat(r.Outcomes, other.Outcomes), After: r.After, Err: errors.Join(r.Err, other.Err)}
	both.soonest(other.After)
	return both
}

// Run runs every component whose needs are met, in order; the others are
// Blocked and say by what.
func Run[S any](ctx context.Context, scope S, components []Component[S]) Result {
	var result Result
	done := map[string]Outcome{}
	for _, c := range components {
		outcome := blocked(c.Needs(scope), done)
		if outcome.Ready() {
			outcome = c.Reconcile(ctx, scope)
		}
		done[c.Condition()] = outcome
		result.add(c.Condition(), outcome)
	}
	return result
}

// blocked is the Outcome of a component whose needs are not met. When that is so
// because of an unexpected error, or of what cannot be seen, its condition is kept.
func blocked(needs []string, done map[string]Outcome) Outcome {
	var missing []string
	unknown := false
	for _, need := range needs {
		outcome, ran := done[need]
		if !ran || !outcome.Ready() {
			missing = append(missing, need)
		}
		unknown = unknown || outcome.keeps() || outcome.Unseen
	}
	if len(missing) == 0 {
		return Outcome{}
	}
	outcome := Wait(v1alpha1.ReasonBlocked, "waits for "+strings.Join(missing, ", "), 0)
	outcome.unknown = unknown
	return outcome
}

func (r *Result) add(condition string, outcome Outcome) {
	r.Outcomes = append(r.Outcomes, Named{condition, outcome})
	if outcome.Err != nil {
		r.Err = errors.Join(r.Err, fmt.Errorf("%s: %w", condition, outcome.Err))
	}
	r.soonest(outcome.After)
}

func (r *Result) soonest(after time.Duration) {
	if after > 0 && (r.After == 0 || after < r.After) {
		r.After = after
	}
}

// Stalled reports whether nothing is left that time or a watch could change.
func (r Result) Stalled() bool {
	stalled := false
	for _, o := range r.Outcomes {
		switch {
		case o.Stalled:
			stalled = true
		case o.Err != nil, o.Waiting && o.Reason != v1alpha1.ReasonBlocked:
			return false
		}
	}
	return stalled && r.After == 0
}
