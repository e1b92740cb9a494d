package controllers

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/equality"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

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
