package controllers

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/rollout"
)

// PlanReconciler rolls the changes of plans through their tenants. It admits
// tenants to a change by the plan's status; each takes it up by itself.
type PlanReconciler struct {
	Client client.Client
	Clock  Clock
	// Recorder tells people of a change that stopped.
	Recorder Recorder

	counts planCounts
}

// Reconcile implements reconcile.Reconciler.
func (r *PlanReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var plan v1alpha1.Plan
	if err := r.Client.Get(ctx, request.NamespacedName, &plan); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !plan.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	tenants, err := r.tenants(ctx, plan.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	before, now := plan.DeepCopy(), r.Clock()
	status, again := rollout.Next(before, tenants, now)
	judgeEndpoints(&plan, &status)
	if onlyCounts(&before.Status, &status) {
		if wait := r.counts.wait(plan.Name, &status, now); wait > 0 {
			return ctrl.Result{RequeueAfter: wait}, nil
		}
	}
	plan.Status = status
	if err := patchStatus(ctx, r.Client, before, &plan); err != nil {
		return ctrl.Result{}, err
	}
	r.Recorder.halted(before, &plan)
	return ctrl.Result{RequeueAfter: again}, nil
}

// tenants are those in which some content of the plan is, or comes, into force.
func (r *PlanReconciler) tenants(ctx context.Context, plan string) ([]rollout.Tenant, error) {
	var list v1alpha1.TenantList
	if err := r.Client.List(ctx, &list, client.MatchingFields{tenant.IndexPlan: plan}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	tenants := make([]rollout.Tenant, 0, len(list.Items))
	for i := range list.Items {
		if t := &list.Items[i]; t.DeletionTimestamp.IsZero() {
			tenants = append(tenants, rolloutTenant(t))
		}
	}
	return tenants, nil
}

func rolloutTenant(t *v1alpha1.Tenant) rollout.Tenant {
	known := rollout.Tenant{Name: t.Name, ID: t.Status.ID, Revision: t.Status.PlanRevision}
	if ready := meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		known.Ready, known.Since, known.Reason = ready.Status == "True", ready.LastTransitionTime.Time, ready.Reason
	}
	return known
}
