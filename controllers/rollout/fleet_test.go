package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

var dawn = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// fleet plays a plan and its tenants: who is admitted takes the plan up, unless
// it is held, and who is held is not Ready with it.
type fleet struct {
	plan    *v1alpha1.Plan
	tenants map[string]*Tenant
	held    map[string]bool
	now     time.Time
}

func newFleet(n int, settings *v1alpha1.Rollout) *fleet {
	f := &fleet{plan: plan(settings), tenants: map[string]*Tenant{}, held: map[string]bool{}, now: dawn}
	f.look()
	for i := range n {
		name := fmt.Sprintf("t%d", i+1)
		f.tenants[name] = &Tenant{Name: name, ID: "id-" + name, Revision: f.revision(), Ready: true, Since: dawn}
	}
	f.look()
	return f
}

func plan(settings *v1alpha1.Rollout) *v1alpha1.Plan {
	p := &v1alpha1.Plan{Spec: v1alpha1.PlanSpec{
		Tiers: []v1alpha1.Tier{v1alpha1.TierShared}, Limits: v1alpha1.Limits{Documents: 1000}, Rollout: settings,
	}}
	p.Name, p.Generation = "starter", 1
	return p
}

func (f *fleet) revision() string { return Revision(f.plan.Spec) }

// edit changes what the plan gives.
func (f *fleet) edit(documents int64) {
	f.plan.Spec.Limits.Documents = documents
	f.plan.Generation++
}

// look is one look of the operator at the plan.
func (f *fleet) look() (again time.Duration) {
	f.plan.Status, again = Next(f.plan, f.list(), f.now)
	return again
}

func (f *fleet) list() []Tenant {
	var all []Tenant
	for _, t := range f.tenants {
		all = append(all, *t)
	}
	return all
}

// takeUp lets an admitted tenant take up the plan, and says whether it did.
func (f *fleet) takeUp(t *Tenant) bool {
	switch {
	case t.Revision == f.revision() && t.Ready, !AdmissionOf(f.plan).Admits(t.ID) && t.Revision != f.revision():
		return false
	case f.held[t.Name]:
		f.turn(t, false)
		return false
	}
	t.Revision = f.revision()
	f.turn(t, true)
	return true
}

func (f *fleet) turn(t *Tenant, ready bool) {
	if t.Ready != ready {
		t.Ready, t.Since, t.Reason = ready, f.now, ""
	}
	if !ready {
		t.Reason = v1alpha1.ReasonAwaitingAcknowledgement
	}
}

func (f *fleet) condition() metav1.Condition {
	if c := meta.FindStatusCondition(f.plan.Status.Conditions, v1alpha1.ConditionRolledOut); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// inOrder are the tenants in the order of the waves.
func (f *fleet) inOrder() []*Tenant {
	var all []*Tenant
	revision := f.revision()
	for _, t := range f.tenants {
		t.place = Place(revision, t.ID)
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *Tenant) int { return cmp.Compare(a.place, b.place) })
	return all
}
