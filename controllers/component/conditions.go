package component

import (
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// maxMessage bounds a condition's message, in bytes.
const maxMessage = 1024

// SetConditions writes a run's outcomes, and the Ready that follows from them,
// into conditions. An unexpected error keeps the condition that is there: one
// transient error does not flip Ready.
func SetConditions(conditions *[]metav1.Condition, generation int64, result Result) {
	ready := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, ObservedGeneration: generation}
	for _, outcome := range result.Outcomes {
		if outcome.Gone {
			meta.RemoveStatusCondition(conditions, outcome.Condition)
			continue
		}
		stored := meta.FindStatusCondition(*conditions, outcome.Condition)
		current := outcome.condition(generation)
		if outcome.keeps() && stored != nil {
			current = *stored
		}
		meta.SetStatusCondition(conditions, current)
		if current.Status != metav1.ConditionTrue && ready.Status == metav1.ConditionTrue {
			ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, current.Reason, current.Message
		}
	}
	meta.SetStatusCondition(conditions, ready)
}

func (n Named) condition(generation int64) metav1.Condition {
	c := metav1.Condition{Type: n.Condition, Status: metav1.ConditionTrue, Reason: n.Reason, ObservedGeneration: generation}
	if c.Reason == "" {
		c.Reason = v1alpha1.ReasonReady
	}
	if !n.Ready() {
		c.Status = metav1.ConditionFalse
	}
	c.Message = n.Message
	if n.Err != nil && c.Message == "" {
		c.Message = n.Err.Error()
	}
	c.Message = Truncate(c.Message)
	return c
}

// Truncate makes a message fit into a condition.
func Truncate(message string) string {
	message = strings.ToValidUTF8(message, "?")
	if len(message) <= maxMessage {
		return message
	}
	end := maxMessage - len("...")
	for !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end] + "..."
}
