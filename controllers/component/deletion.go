package component

import apierrors "k8s.io/apimachinery/pkg/api/errors"

// Deletion is the Result of a deletion that is not at its end. Unlike elsewhere,
// every error shows, but for a lost race: a deletion that hangs says on what.
func Deletion(condition string, outcome Outcome) Result {
	shown := outcome
	shown.refused = !apierrors.IsConflict(outcome.Err)
	return Result{Outcomes: []Named{{condition, shown}}, After: outcome.After, Err: outcome.Err}
}
