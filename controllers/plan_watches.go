package controllers

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/rollout"
)

// standing is all that a plan wants to know of a tenant.
type standing struct {
	plan, revision string
	leaving        bool
	ready          bool // only while a change rolls
}

func standingOf(object client.Object) standing {
	t, ok := object.(*v1alpha1.Tenant)
	if !ok {
		return standing{}
	}
	return standing{
		plan: t.Status.Plan, revision: t.Status.PlanRevision, leaving: t.DeletionTimestamp != nil,
		ready: meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionReady),
	}
}

// standingChanged wakes the plan of a tenant, and the one that it had before.
// Most status writes of a tenant end here.
func (w *watches) standingChanged(ctx context.Context, e event.UpdateEvent, q queue) {
	before, after := standingOf(e.ObjectOld), standingOf(e.ObjectNew)
	if before == after {
		return
	}
	onlyReady := before
	onlyReady.ready = after.ready
	w.wakePlan(ctx, after.plan, onlyReady != after, q)
	if before.plan != after.plan {
		w.wakePlan(ctx, before.plan, true, q)
	}
}

func (w *watches) tenantGone(ctx context.Context, e event.DeleteEvent, q queue) {
	w.wakePlan(ctx, standingOf(e.Object).plan, true, q)
}

// wakePlan adds a plan to the queue with a delay, in which later news join the
// first: while a change rolls, or because its numbers changed.
func (w *watches) wakePlan(ctx context.Context, name string, counts bool, q queue) {
	var plan v1alpha1.Plan
	if err := w.hub.Get(ctx, client.ObjectKey{Name: name}, &plan); err != nil {
		return // there is none; the cache cannot fail
	}
	switch {
	case !meta.IsStatusConditionTrue(plan.Status.Conditions, v1alpha1.ConditionRolledOut):
		q.AddAfter(request(name), rollout.Pause)
	case counts:
		q.AddAfter(request(name), countPause)
	}
}

func (w *watches) planCreated(ctx context.Context, e event.CreateEvent, q queue) {
	w.enqueue(w.tenantsBy(ctx, tenant.IndexPlan, e.Object.GetName()), q)
	w.enqueue(w.tenantsBy(ctx, tenant.IndexReady, "False"), q) // some may wait for it
}

// planUpdated wakes those of the plan's tenants that can now take up what they
// could not before, and after a change of its content those that may wait for one.
func (w *watches) planUpdated(ctx context.Context, e event.UpdateEvent, q queue) {
	before, ok1 := e.ObjectOld.(*v1alpha1.Plan)
	after, ok2 := e.ObjectNew.(*v1alpha1.Plan)
	if !ok1 || !ok2 {
		return
	}
	edited := before.Generation != after.Generation
	if edited {
		w.enqueue(w.tenantsBy(ctx, tenant.IndexReady, "False"), q)
	}
	if edited || before.Status.Admitted != after.Status.Admitted {
		w.enqueue(w.tenantsReached(ctx, before, after), q)
	}
}

// tenantsReached are those whom a plan's last change reached: the wave that was
// let go, and after an edit those to whose content the plan came back.
func (w *watches) tenantsReached(ctx context.Context, before, after *v1alpha1.Plan) []reconcile.Request {
	then, now := rollout.AdmissionOf(before), rollout.AdmissionOf(after)
	return w.tenantsThat(ctx, tenant.IndexPlan, after.Name, func(t *v1alpha1.Tenant) bool {
		if t.Status.PlanRevision == now.Revision {
			return then.Revision != now.Revision
		}
		return now.Admits(t.Status.ID) && !then.Admits(t.Status.ID)
	})
}
