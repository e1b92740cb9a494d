package component

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

const secretWords = "CANARY-PASSWORD"

func forbidden(text string) error {
	return apierrors.NewForbidden(corev1.Resource("secrets"), "tenant-1", errors.New(text))
}

func terminating() error {
	err := apierrors.NewForbidden(corev1.Resource("secrets"), "tenant-1", errors.New("unable to create new content in namespace x because it is being terminated"))
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	return err
}

func webhook(code int32, text string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Message: text}}
}

// TestRefusals: what lasts until somebody acts names who that is, at once, and
// carries nothing of what was written.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		reason string
		says   []string
	}{
		"a quota": {
			forbidden("exceeded quota: team-limits, requested: secrets=1, used: secrets=5, limited: secrets=5"),
			v1alpha1.ReasonQuotaExceeded,
			[]string{`secrets "tenant-1"`, "team-limits", "limited: secrets=5"},
		},
		"a right to write": {
			forbidden(`User "system:serviceaccount:bulkhead-system:bulkhead-manager" cannot update resource "secrets" in API group "" in the namespace "x"`),
			v1alpha1.ReasonAccessDenied,
			[]string{"cannot update resource", "config/rbac"},
		},
		"a webhook that denies": {
			webhook(http.StatusBadRequest, `admission webhook "policy.example.com" denied the request: `+secretWords),
			v1alpha1.ReasonAdmissionDenied,
			[]string{"Binding x/tenant-1", "webhook policy.example.com"},
		},
		"a webhook that does not answer": {
			webhook(http.StatusInternalServerError, `Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: Post "https://x": `+secretWords),
			v1alpha1.ReasonAdmissionDenied,
			[]string{"Binding x/tenant-1", "webhook policy.example.com", "does not answer"},
		},
		"a policy": {
			forbidden(`ValidatingAdmissionPolicy 'no-secrets' with binding 'b' denied request: ` + secretWords),
			v1alpha1.ReasonAdmissionDenied,
			[]string{"ValidatingAdmissionPolicy no-secrets"},
		},
		"another admission plugin": {
			forbidden("minimum memory usage per Container is 1Gi"),
			v1alpha1.ReasonAdmissionDenied,
			[]string{"minimum memory usage"},
		},
		"a namespace that ends": {
			terminating(), v1alpha1.ReasonNamespaceTerminating, []string{"because it is being terminated"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			outcome := Fail(fmt.Errorf("the Binding x/tenant-1: %w", c.err))
			conditions := afterReady(outcome)
			got := meta.FindStatusCondition(conditions, "A")
			if got.Status != metav1.ConditionFalse || got.Reason != c.reason {
				t.Errorf("%s/%s: %s", got.Status, got.Reason, got.Message)
			}
			for _, words := range c.says {
				if !strings.Contains(got.Message, words) {
					t.Errorf("%q does not say %q", got.Message, words)
				}
			}
			if !errors.Is(outcome.Err, c.err) {
				t.Error("the error is not retried")
			}
			if strings.Contains(got.Message+outcome.Err.Error(), secretWords) {
				t.Errorf("quotes the object: %s", outcome.Err)
			}
		})
	}
}

// TestPassingErrors: what may pass by itself flips nothing.
func TestPassingErrors(t *testing.T) {
	for name, err := range map[string]error{
		"a timeout":                    context.DeadlineExceeded,
		"a conflict":                   apierrors.NewConflict(corev1.Resource("secrets"), "tenant-1", errors.New("modified")),
		"a namespace not readable yet": forbidden(`User "bulkhead-manager" cannot list resource "secrets" in API group "" in the namespace "x"`),
	} {
		t.Run(name, func(t *testing.T) {
			if got := meta.FindStatusCondition(afterReady(Fail(err)), "A"); got.Status != metav1.ConditionTrue {
				t.Errorf("flipped to %s: %s", got.Reason, got.Message)
			}
		})
	}
}

// afterReady are the conditions of a component that was ready and then came to an outcome.
func afterReady(outcome Outcome) []metav1.Condition {
	var conditions []metav1.Condition
	SetConditions(&conditions, 1, run(part{condition: "A"}))
	SetConditions(&conditions, 1, run(part{condition: "A", outcome: outcome}))
	return conditions
}

func TestWhatIsGoneHasNoCondition(t *testing.T) {
	conditions := afterReady(Outcome{Gone: true})
	if meta.FindStatusCondition(conditions, "A") != nil || !meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady) {
		t.Errorf("%v", conditions)
	}
}
