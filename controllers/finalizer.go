package controllers

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

// Finalizer holds back a Tenant's or a Cell's deletion until its parts are in order.
const Finalizer = "bulkhead.dev/finalizer"

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
