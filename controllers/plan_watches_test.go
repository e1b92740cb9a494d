package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/rollout"
)

// wakes is a queue that remembers whom it was to wake, and after how long.
type wakes struct {
	queue
	after map[string]time.Duration
}

func (w *wakes) Add(r reconcile.Request) { w.AddAfter(r, 0) }

func (w *wakes) AddAfter(r reconcile.Request, after time.Duration) { w.after[r.Name] = after }

// watching returns watches over a cache with these objects.
func watching(t *testing.T, objects ...client.Object) *watches {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	return newWatches(fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithIndex(&v1alpha1.Tenant{}, tenant.IndexPlan, tenant.IndexTenantByPlan).
		WithIndex(&v1alpha1.Tenant{}, tenant.IndexReady, tenant.IndexTenantByReady).
		WithIndex(&v1alpha1.Tenant{}, tenant.IndexTenantID, tenant.IndexTenantByID).
		WithIndex(&v1alpha1.Tenant{}, tenant.IndexUnplaced, tenant.IndexTenantByUnplaced).
		Build(), &tenant.Placements{})
}

func planAt(name string, rolledOut metav1.ConditionStatus) *v1alpha1.Plan {
	p := &v1alpha1.Plan{Spec: v1alpha1.PlanSpec{Tiers: []v1alpha1.Tier{v1alpha1.TierShared}}}
	p.Name, p.Generation = name, 1
	p.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionRolledOut, Status: rolledOut}}
	p.Status.Revision, p.Status.Admitted = rollout.Revision(p.Spec), rollout.Everyone
	return p
}

func tenantOf(plan, name, revision string, ready metav1.ConditionStatus) *v1alpha1.Tenant {
	t := &v1alpha1.Tenant{}
	t.Name, t.Status.ID, t.Status.Plan, t.Status.PlanRevision = name, "id-"+name, plan, revision
	t.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: ready}}
	return t
}

// TestWhatOfATenantWakesItsPlan: most of a tenant's status writes wake no plan,
// and none wakes one at once.
func TestWhatOfATenantWakesItsPlan(t *testing.T) {
	w := watching(t, planAt("rests", metav1.ConditionTrue), planAt("rolls", metav1.ConditionFalse))
	for name, c := range map[string]struct {
		plan   string
		change func(*v1alpha1.Tenant)
		want   map[string]time.Duration
	}{
		"another status, at rest":      {"rests", func(t *v1alpha1.Tenant) { t.Status.ObservedGeneration++ }, nil},
		"another status, on the way":   {"rolls", func(t *v1alpha1.Tenant) { t.Status.ObservedGeneration++ }, nil},
		"not Ready, at rest":           {"rests", func(t *v1alpha1.Tenant) { t.Status.Conditions[0].Status = "False" }, nil},
		"not Ready, on the way":        {"rolls", func(t *v1alpha1.Tenant) { t.Status.Conditions[0].Status = "False" }, map[string]time.Duration{"rolls": rollout.Pause}},
		"another revision, at rest":    {"rests", func(t *v1alpha1.Tenant) { t.Status.PlanRevision = "b" }, map[string]time.Duration{"rests": countPause}},
		"another revision, on the way": {"rolls", func(t *v1alpha1.Tenant) { t.Status.PlanRevision = "b" }, map[string]time.Duration{"rolls": rollout.Pause}},
		"deleted":                      {"rests", func(t *v1alpha1.Tenant) { t.DeletionTimestamp = &metav1.Time{} }, map[string]time.Duration{"rests": countPause}},
		"another plan":                 {"rests", func(t *v1alpha1.Tenant) { t.Status.Plan = "rolls" }, map[string]time.Duration{"rests": countPause, "rolls": rollout.Pause}},
		"a plan that does not exist":   {"rests", func(t *v1alpha1.Tenant) { t.Status.Plan = "gone" }, map[string]time.Duration{"rests": countPause}},
	} {
		t.Run(name, func(t *testing.T) {
			before := tenantOf(c.plan, "t", "a", metav1.ConditionTrue)
			after := before.DeepCopy()
			c.change(after)
			got := &wakes{after: map[string]time.Duration{}}
			w.standingChanged(t.Context(), event.UpdateEvent{ObjectOld: before, ObjectNew: after}, got)
			if diff := cmp.Diff(c.want, got.after, cmpEmpty); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// cmpEmpty holds no map and an empty one for the same.
var cmpEmpty = cmp.FilterValues(func(a, b map[string]time.Duration) bool { return len(a)+len(b) == 0 }, cmp.Ignore())

// TestWhomAPlanWakes: a wave wakes its tenants and nobody else.
func TestWhomAPlanWakes(t *testing.T) {
	rests := planAt("p", metav1.ConditionTrue)
	revision := rests.Status.Revision
	edited := rests.DeepCopy()
	edited.Generation++
	edited.Spec.Limits.Documents = 7
	next := rollout.Revision(edited.Spec)
	first, second := "a", "b"
	if rollout.Place(next, "id-a") > rollout.Place(next, "id-b") {
		first, second = second, first
	}
	at := func(place string) *v1alpha1.Plan {
		p := edited.DeepCopy()
		p.Status.Revision, p.Status.Admitted = next, place
		return p
	}
	wave1, wave2 := at(rollout.Place(next, "id-"+first)), at(rollout.Place(next, "id-"+second))
	counted := wave1.DeepCopy()
	counted.Status.Updated = new(int32)
	w := watching(t, tenantOf("p", "a", revision, metav1.ConditionTrue), tenantOf("p", "b", revision, metav1.ConditionTrue),
		tenantOf("", "waits", "", metav1.ConditionFalse), tenantOf("other", "c", revision, metav1.ConditionTrue))
	for name, c := range map[string]struct {
		before, after *v1alpha1.Plan
		want          []string
	}{
		"an edit wakes those who may wait for one": {rests, edited, []string{"waits"}},
		"a wave wakes its own":                     {edited, wave1, []string{first}},
		"and so does the next one":                 {wave1, wave2, []string{second}},
		"the end wakes nobody":                     {wave2, at(rollout.Everyone), nil},
		"numbers wake nobody":                      {wave1, counted, nil},
		"an edit back wakes those who have had it": {wave1, rests, []string{first, second, "waits"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := &wakes{after: map[string]time.Duration{}}
			w.planUpdated(t.Context(), event.UpdateEvent{ObjectOld: c.before, ObjectNew: c.after}, got)
			want := map[string]time.Duration{}
			for _, name := range c.want {
				want[name] = 0
			}
			if diff := cmp.Diff(want, got.after); diff != "" {
				t.Error(diff)
			}
		})
	}
}
