package component

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

type part struct {
	condition string
	needs     []string
	outcome   Outcome
}

func (p part) Condition() string                           { return p.condition }
func (p part) Needs(struct{}) []string                     { return p.needs }
func (p part) Reconcile(context.Context, struct{}) Outcome { return p.outcome }

func run(parts ...part) Result {
	var components []Component[struct{}]
	for _, p := range parts {
		components = append(components, p)
	}
	return Run(context.Background(), struct{}{}, components)
}

func states(conditions []metav1.Condition) map[string]string {
	out := map[string]string{}
	for _, c := range conditions {
		out[c.Type] = string(c.Status) + "/" + c.Reason
	}
	return out
}

func TestRun(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		parts   []part
		want    map[string]string
		after   time.Duration
		err     error
		stalled bool
	}{
		"all ready": {
			parts: []part{{condition: "A"}, {condition: "B", needs: []string{"A"}}},
			want:  map[string]string{"A": "True/Ready", "B": "True/Ready", "Ready": "True/Ready"},
		},
		"a blocked part says so, an independent one runs": {
			parts: []part{{condition: "A", outcome: Wait("Starting", "", time.Second)}, {condition: "B", needs: []string{"A"}}, {condition: "C"}},
			want:  map[string]string{"A": "False/Starting", "B": "False/Blocked", "C": "True/Ready", "Ready": "False/Starting"},
			after: time.Second,
		},
		"the smallest wait wins": {
			parts: []part{{condition: "A", outcome: Wait("X", "", time.Minute)}, {condition: "B", outcome: Outcome{After: time.Second}}},
			want:  map[string]string{"A": "False/X", "B": "True/Ready", "Ready": "False/X"},
			after: time.Second,
		},
		"stalled, and what it blocks": {
			parts:   []part{{condition: "A", outcome: Stall("Bad", "")}, {condition: "B", needs: []string{"A"}}},
			want:    map[string]string{"A": "False/Bad", "B": "False/Blocked", "Ready": "False/Bad"},
			stalled: true,
		},
		"an error": {
			parts: []part{{condition: "A", outcome: Fail(boom)}},
			want:  map[string]string{"A": "False/Error", "Ready": "False/Error"},
			err:   boom,
		},
	} {
		t.Run(name, func(t *testing.T) {
			result := run(c.parts...)
			var conditions []metav1.Condition
			SetConditions(&conditions, 1, result)
			if diff := cmp.Diff(c.want, states(conditions)); diff != "" {
				t.Error(diff)
			}
			if result.After != c.after || !errors.Is(result.Err, c.err) || result.Stalled() != c.stalled {
				t.Errorf("After %v, Err %v, Stalled %v", result.After, result.Err, result.Stalled())
			}
		})
	}
}

func TestOneTransientErrorFlipsNothing(t *testing.T) {
	var conditions []metav1.Condition
	SetConditions(&conditions, 1, run(part{condition: "A"}, part{condition: "B", needs: []string{"A"}}))
	before := states(conditions)
	SetConditions(&conditions, 1, run(part{condition: "A", outcome: Fail(errors.New("timeout"))}, part{condition: "B", needs: []string{"A"}}))
	if diff := cmp.Diff(before, states(conditions)); diff != "" {
		t.Error(diff)
	}
}

func TestMessagesAreBounded(t *testing.T) {
	var conditions []metav1.Condition
	SetConditions(&conditions, 1, run(part{condition: "A", outcome: Stall(v1alpha1.ReasonForeignObject, strings.Repeat("ü", 5000))}))
	for _, c := range conditions {
		if len(c.Message) > maxMessage || strings.Contains(c.Message, "\uFFFD") {
			t.Errorf("%s: %d bytes", c.Type, len(c.Message))
		}
	}
}
