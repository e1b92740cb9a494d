// Package component runs the parts of a tenant or a cell. Each part owns one
// condition, names what it needs and reports an Outcome; this package decides
// what runs, what the conditions say and when to look again.
package component

import (
	"context"
	"time"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// Outcome is what one component reports. The zero value means ready.
type Outcome struct {
	// Reason and Message say why the component is not ready; a ready component
	// may give a Reason of its own.
	Reason, Message string
	// Waiting means not ready yet: a watch, or After, wakes us.
	Waiting bool
	// Stalled means that only a change of the spec, or of an object named in
	// the Message, helps.
	Stalled bool
	// After asks to look again after this long; zero: a watch will wake us.
	After time.Duration
	// Err is retried with backoff. An unexpected one keeps the last condition; one
	// that lasts until somebody acts has a Reason of its own.
	Err error

	// Gone means that the component does not exist any more: its condition goes.
	Gone bool

	// Unseen means that nothing can be learned now of what needs this component:
	// its conditions are kept.
	Unseen bool

	// unknown means that an error elsewhere kept the component from running.
	unknown bool
	// refused means that Err is a refusal that lasts, not a passing error.
	refused bool
}

// keeps reports whether the outcome says nothing new of the component.
func (o Outcome) keeps() bool { return o.unknown || (o.Err != nil && !o.refused) }

// Ready reports whether the component has nothing left to do.
func (o Outcome) Ready() bool { return !o.Waiting && !o.Stalled && o.Err == nil }

// Wait is an Outcome that is not ready yet.
func Wait(reason, message string, after time.Duration) Outcome {
	return Outcome{Reason: reason, Message: message, Waiting: true, After: after}
}

// Stall is an Outcome that only somebody else can change.
func Stall(reason, message string) Outcome {
	return Outcome{Reason: reason, Message: message, Stalled: true}
}

// Fail is an Outcome of an error: of the API server's refusal, when it is one, or
// else of an unexpected error.
func Fail(err error) Outcome {
	if outcome, ok := refusal(err); ok {
		return outcome
	}
	return Outcome{Reason: v1alpha1.ReasonError, Err: err}
}

// Component owns one condition of what S describes.
type Component[S any] interface {
	// Condition is the type of the condition that the component owns.
	Condition() string
	// Needs are the conditions that must have become true in this run, never
	// the stored ones, before the component can run.
	Needs(scope S) []string
	// Reconcile brings the component about.
	Reconcile(ctx context.Context, scope S) Outcome
}
