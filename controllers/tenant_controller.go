package controllers

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
)

// TenantReconciler brings tenants to life, keeps them so and retires them.
type TenantReconciler struct {
	// Client reads and writes the tenant itself, and reads what it wrote: a status
	// that was computed from an older one would cost a write that is refused.
	Client client.Client
	Parts  *tenant.Parts
	Kinds  *KindWatch
	Clock  Clock
	// Recorder tells people of transitions.
	Recorder Recorder
}

// Reconcile implements reconcile.Reconciler.
func (r *TenantReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var t v1alpha1.Tenant
	if err := r.Client.Get(ctx, request.NamespacedName, &t); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	before := t.DeepCopy()
	if !t.DeletionTimestamp.IsZero() {
		return r.finalize(ctx, before, &t)
	}
	if controllerutil.AddFinalizer(&t, Finalizer) {
		if err := r.Client.Patch(ctx, &t, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
			return ctrl.Result{}, err
		}
		before = t.DeepCopy()
	}
	scope := r.scope(&t)
	run := component.Run(ctx, scope, tenant.Components(r.Parts, scope))
	if onlyAwaits(run, scope) {
		return ctrl.Result{RequeueAfter: scope.Pending}, nil
	}
	t.Status.ObservedGeneration = t.Generation
	component.SetConditions(&t.Status.Conditions, t.Generation, run)
	r.Recorder.transition(before, &t)
	return finish(ctx, r.Client, before, &t, run)
}

func (r *TenantReconciler) scope(t *v1alpha1.Tenant) *tenant.Scope {
	profile, ok := tier.Of(t.Spec.Tier)
	if !ok { // the CRD's enum keeps this from happening
		profile = tier.Profile{Name: t.Spec.Tier, Cluster: tier.Own}
	}
	scope := &tenant.Scope{Tenant: t, Profile: profile, Now: r.Clock()}
	if profile.Cluster == tier.Shared {
		scope.Cluster = r.Parts.Clusters.Hub()
	}
	return scope
}

// onlyAwaits reports whether a young acknowledgement, and what the gateway says of
// the route, is all that is missing: they wake us, and one status write says everything.
func onlyAwaits(run component.Result, scope *tenant.Scope) bool {
	if scope.Pending <= 0 || run.Err != nil {
		return false
	}
	notReady := 0
	for _, outcome := range run.Outcomes {
		if !outcome.Ready() && outcome.Reason != v1alpha1.ReasonRouteNotAccepted {
			notReady++
		}
	}
	return notReady == 1
}

// finalize keeps the data of a deleted tenant and stops access to it.
func (r *TenantReconciler) finalize(ctx context.Context, before, t *v1alpha1.Tenant) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(t, Finalizer) {
		return ctrl.Result{}, nil
	}
	removed, err := r.Kinds.BeingRemoved(ctx, "tenants")
	if err != nil {
		return ctrl.Result{}, err
	}
	if removed {
		return ctrl.Result{}, dropFinalizer(ctx, r.Client, before, t)
	}
	scope := r.scope(t)
	outcome := r.Parts.Retain(ctx, scope)
	if outcome.Ready() {
		outcome = release(ctx, r.Client, before, t)
	}
	if !outcome.Ready() {
		run := component.Deletion(v1alpha1.ConditionRuntimeReady, outcome)
		component.SetConditions(&t.Status.Conditions, t.Generation, run)
		return finish(ctx, r.Client, before, t, run)
	}
	r.Parts.Forget(scope)
	r.Recorder.retained(t, scope.ID.String())
	return ctrl.Result{}, nil
}
