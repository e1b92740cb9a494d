package component

import (
	"errors"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// What the API server says when it refuses. It has no other way of telling these
// refusals apart.
var (
	overQuota = regexp.MustCompile(`quota: `)
	byWebhook = regexp.MustCompile(`(?:admission|failed calling) webhook "([^"]+)"`)
	byPolicy  = regexp.MustCompile(`ValidatingAdmissionPolicy '([^']+)'`)
	noRight   = regexp.MustCompile(`User "[^"]+" cannot `)
	toRead    = regexp.MustCompile(`cannot (?:get|list|watch) `)
)

// refusal is the Outcome of an error by which the API server refuses a request
// until somebody acts; ok is false for any other error.
func refusal(err error) (outcome Outcome, ok bool) {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return Outcome{}, false
	}
	text := status.Status().Message
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return refused(err, v1alpha1.ReasonNamespaceTerminating, err.Error()+"; this goes on when the namespace is gone"), true
	case byWebhook.MatchString(text):
		return refused(err, v1alpha1.ReasonAdmissionDenied, deniedBy(err, text, "the admission webhook "+byWebhook.FindStringSubmatch(text)[1])), true
	case byPolicy.MatchString(text):
		return refused(err, v1alpha1.ReasonAdmissionDenied, deniedBy(err, text, "the ValidatingAdmissionPolicy "+byPolicy.FindStringSubmatch(text)[1])), true
	case !apierrors.IsForbidden(err):
		return Outcome{}, false
	case overQuota.MatchString(text):
		return refused(err, v1alpha1.ReasonQuotaExceeded, err.Error()+"; raise the ResourceQuota or free some of it"), true
	case noRight.MatchString(text):
		outcome = refused(err, v1alpha1.ReasonAccessDenied, err.Error()+"; apply config/rbac again; in a cell the operator restores its own access while the Cell exists")
		// A namespace that is being made cannot be read for a moment: that says nothing of those who live in others.
		outcome.refused = !toRead.MatchString(text)
		return outcome, true
	}
	return refused(err, v1alpha1.ReasonAdmissionDenied, err.Error()), true
}

func refused(err error, reason, message string) Outcome {
	return Outcome{Reason: reason, Message: message, Err: &refusedError{message, err}, refused: true}
}

// Patient turns a refusal into a Stall that is looked at again after a while: for a
// part that nobody waits for. Any other outcome stays as it is.
func (o Outcome) Patient(after time.Duration) Outcome {
	if o.Err == nil || !o.refused {
		return o
	}
	return Outcome{Reason: o.Reason, Message: o.Message, Stalled: true, After: after}
}

// deniedBy leaves out the words of whoever denied: they may quote the object,
// which may be a Secret.
func deniedBy(err error, text, who string) string {
	object, found := strings.CutSuffix(err.Error(), ": "+text)
	if !found {
		object = "a request"
	}
	return object + " is refused by " + who + ", or it does not answer; ask its owner, this goes on by itself when it lets the operator through"
}

// refusedError says what the condition says and no more, so that logs carry no
// more either.
type refusedError struct {
	message string
	cause   error
}

func (e *refusedError) Error() string { return e.message }
func (e *refusedError) Unwrap() error { return e.cause }
