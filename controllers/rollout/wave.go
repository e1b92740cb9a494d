package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// Pause is how soon a Plan whose change is rolling is looked at again after news
// of a tenant: the news of a wave come together.
const Pause = 2 * time.Second

// What a Plan that says nothing of it gets.
const (
	defaultWaveSize = 100
	defaultDeadline = 10 * time.Minute
)

// maxNamed bounds how many tenants a message names.
const maxNamed = 5

// Tenant is what is known of one tenant of a plan.
type Tenant struct {
	Name, ID string
	// Revision of the content that is in force; empty while none ever was, or
	// when a version of the operator that did not record it served the tenant last.
	Revision string
	// Ready is as the condition says, since when, and why not.
	Ready  bool
	Since  time.Time
	Reason string

	place string // in the order of the waves
}

// Next decides how a Plan's roll-out goes on: it returns the Plan's next status,
// and after how long to look again although no tenant changed; zero: not at all.
//
// A wave admits tenants and is over when each of them is Ready with the revision,
// or failed. A tenant fails by not being so when the deadline is over; one that was
// not Ready before its wave began is not waited for and cannot fail.
func Next(plan *v1alpha1.Plan, tenants []Tenant, now time.Time) (v1alpha1.PlanStatus, time.Duration) {
	w := wave{plan: plan, now: now, status: *plan.Status.DeepCopy()}
	w.status.ObservedGeneration = plan.Generation
	if revision := Revision(plan.Spec); w.status.Revision != revision {
		w.status.Revision, w.status.Admitted, w.status.WaveStarted, w.status.Failed = revision, "", nil, nil
	}
	w.look(tenants)
	again := w.decide()
	return w.status, again
}

// wave is one look at a Plan's current wave.
type wave struct {
	plan   *v1alpha1.Plan
	now    time.Time
	status v1alpha1.PlanStatus

	// open are admitted, and the wave waits for them to be Ready with the revision.
	open []Tenant
	// waiting have not been admitted, in no order.
	waiting []Tenant
	// proven says that an admitted tenant is Ready with the revision.
	proven bool
}

// look counts the tenants and, while a change rolls, finds out how each stands.
func (w *wave) look(tenants []Tenant) {
	updated := 0
	for _, t := range tenants {
		if t.Revision == w.status.Revision {
			updated++
		}
		if w.status.Admitted != Everyone {
			t.place = Place(w.status.Revision, t.ID)
			w.sort(t)
		}
	}
	w.status.Tenants, w.status.Updated = ptr.To(int32(len(tenants))), ptr.To(int32(updated))
}

func (w *wave) sort(t Tenant) {
	has := t.Revision == w.status.Revision
	switch {
	case t.Revision == "" && !t.Ready: // is coming to life, with the Plan as it found it
	case t.place > w.status.Admitted:
		if !has {
			w.waiting = append(w.waiting, t)
		}
	case has && t.Ready:
		w.proven = true
	case t.Ready || !t.Since.Before(w.started()):
		w.open = append(w.open, t)
	}
}

func (w *wave) decide() (again time.Duration) {
	failed := ptr.Deref(w.status.Failed, 0) + int32(len(w.open))
	left := w.started().Add(w.deadline()).Sub(w.now)
	switch {
	case len(w.open) > 0 && left > 0:
		w.wait(w.open)
		return left
	case len(w.open) > 0 && failed > w.maxFailures():
		w.halt(failed)
		return 0
	case len(w.open) > 0:
		w.status.Failed = &failed
	}
	if len(w.waiting) == 0 {
		w.complete()
		return 0
	}
	w.admit()
	return Pause // a wave of tenants that are all out of order is over at once
}

// admit begins the next wave: one tenant until the change has proven itself.
func (w *wave) admit() {
	size := 1
	if w.proven {
		size = w.size()
	}
	slices.SortFunc(w.waiting, func(a, b Tenant) int { return cmp.Compare(a.place, b.place) })
	admitted := w.waiting[:min(size, len(w.waiting))]
	w.status.Admitted = admitted[len(admitted)-1].place
	w.status.WaveStarted = ptr.To(metav1.NewTime(w.now.Truncate(time.Second))) // as the API keeps times
	w.wait(admitted)
}

func (w *wave) wait(tenants []Tenant) {
	w.report(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "waits for "+list(tenants, Tenant.name))
}

func (w *wave) halt(failed int32) {
	w.report(metav1.ConditionFalse, v1alpha1.ReasonHalted, fmt.Sprintf(
		"more changed tenants failed (%d) than spec.rollout.maxFailures allows (%d): %s; mend them, and the roll-out goes on by itself, or edit the Plan, back or forward",
		failed, w.maxFailures(), list(w.open, Tenant.failure)))
}

func (w *wave) complete() {
	w.status.Admitted, w.status.WaveStarted = Everyone, nil
	message := ""
	if late := *w.status.Tenants - *w.status.Updated; late > 0 {
		message = fmt.Sprintf("tenants that take it up when they are Ready: %d", late)
	}
	w.report(metav1.ConditionTrue, v1alpha1.ReasonComplete, message)
}

func (w *wave) report(status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&w.status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionRolledOut, Status: status, Reason: reason, Message: message,
		ObservedGeneration: w.plan.Generation, LastTransitionTime: metav1.NewTime(w.now),
	})
}

func (w *wave) started() time.Time { return ptr.Deref(w.status.WaveStarted, metav1.Time{}).Time }

func (w *wave) settings() v1alpha1.Rollout { return ptr.Deref(w.plan.Spec.Rollout, v1alpha1.Rollout{}) }

func (w *wave) size() int { return cmp.Or(int(w.settings().WaveSize), defaultWaveSize) }

func (w *wave) maxFailures() int32 { return ptr.Deref(w.settings().MaxFailures, 0) }

func (w *wave) deadline() time.Duration {
	return cmp.Or(time.Duration(w.settings().DeadlineSeconds)*time.Second, defaultDeadline)
}

func (t Tenant) name() string { return t.Name }

func (t Tenant) failure() string {
	if t.Ready {
		return t.Name + " (has not taken it up)"
	}
	return t.Name + " (" + t.Reason + ")"
}

// list describes a few tenants.
func list(tenants []Tenant, describe func(Tenant) string) string {
	var texts []string
	for _, t := range tenants {
		texts = append(texts, describe(t))
	}
	slices.Sort(texts)
	if more := len(texts) - maxNamed; more > 0 {
		texts = append(texts[:maxNamed], fmt.Sprintf("%d more", more))
	}
	return strings.Join(texts, ", ")
}
