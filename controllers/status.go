package controllers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

// Clock tells the time.
type Clock func() time.Time

// finish writes the status, when it changed, and turns a run into the result
// that the workqueue understands.
func finish(ctx context.Context, c client.Client, before, after client.Object, run component.Result) (ctrl.Result, error) {
	if err := patchStatus(ctx, c, before, after); err != nil {
		return ctrl.Result{}, errors.Join(run.Err, err)
	}
	switch {
	case run.Err != nil:
		return ctrl.Result{}, run.Err
	case run.Stalled():
		return ctrl.Result{}, nil // a change of the spec, or of what is watched, wakes us
	}
	return ctrl.Result{RequeueAfter: jitter(run.After)}, nil
}

// patchStatus makes the one status write of a reconcile.
func patchStatus(ctx context.Context, c client.Client, before, after client.Object) error {
	if equality.Semantic.DeepEqual(statusOf(before), statusOf(after)) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	return c.Status().Patch(ctx, after, patch)
}

func statusOf(object client.Object) any {
	switch o := object.(type) {
	case *v1alpha1.Tenant:
		return o.Status
	case *v1alpha1.Cell:
		return o.Status
	case *v1alpha1.Plan:
		return o.Status
	}
	return object
}

// release lets a deleted object go. What keeps it is an Outcome like any other.
func release(ctx context.Context, c client.Client, before, after client.Object) component.Outcome {
	if err := dropFinalizer(ctx, c, before, after); err != nil {
		controllerutil.AddFinalizer(after, Finalizer) // it is still there
		return component.Fail(fmt.Errorf("the finalizer: %w", err))
	}
	return component.Outcome{}
}

func dropFinalizer(ctx context.Context, c client.Client, before, after client.Object) error {
	if !controllerutil.RemoveFinalizer(after, Finalizer) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	return client.IgnoreNotFound(c.Patch(ctx, after, patch))
}

// jitter spreads requeues over a tenth, so that what waited together does not
// come back together.
func jitter(after time.Duration) time.Duration {
	if after <= 0 {
		return 0
	}
	return after + rand.N(after/10+1) //nolint:gosec // no secret
}

func smallest(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// KindWatch says whether one of our own CustomResourceDefinitions is being removed.
type KindWatch struct {
	// Live reads past the caches; only deletions ask.
	Live client.Reader
}

// BeingRemoved reports whether the definition of a kind is terminating. Every
// object of the kind is deleted then, which nobody can have meant for the data.
func (k *KindWatch) BeingRemoved(ctx context.Context, plural string) (bool, error) {
	var crd apiextensionsv1.CustomResourceDefinition
	key := client.ObjectKey{Name: plural + "." + v1alpha1.GroupVersion.Group}
	if err := k.Live.Get(ctx, key, &crd); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return crd.DeletionTimestamp != nil, nil
}

var _ reconcile.Reconciler = (*CellReconciler)(nil)
