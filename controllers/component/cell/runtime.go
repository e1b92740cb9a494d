package cell

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// Runtime brings about the pods that serve the cell's tenants.
type Runtime struct{}

// Condition implements component.Component.
func (Runtime) Condition() string { return v1alpha1.ConditionRuntimeReady }

// Needs implements component.Component. It does not need the schema: while a
// migration runs or has failed, the Deployment keeps the image that it has. To
// stop, it needs no database either.
func (Runtime) Needs(s *Scope) []string {
	if s.Cell.Spec.IsRetired() {
		return []string{v1alpha1.ConditionNamespacesReady}
	}
	return []string{v1alpha1.ConditionNamespacesReady, v1alpha1.ConditionDatabaseReady}
}

// Reconcile implements component.Component.
func (Runtime) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	if s.Cell.Spec.Runtime == nil {
		return component.Outcome{}
	}
	if outcome := s.applyAll(ctx, s.Set.Runtime); !outcome.Ready() {
		return outcome
	}
	if s.Cell.Spec.IsRetired() {
		return component.Outcome{Reason: v1alpha1.ReasonRetired, Message: "the runtime is stopped"}
	}
	if !has(s.Set, desired.RuntimeDeployment) {
		return component.Wait(v1alpha1.ReasonRuntimeStarting, "the runtime starts when the database's credentials, certificate and migrations are there", 0)
	}
	if s.Facts.Deployment == nil || slices.Contains(s.wrote, "Deployment") {
		return component.Wait(v1alpha1.ReasonRuntimeStarting, "the runtime's Deployment was just made or changed", 0)
	}
	return rollout(s.Facts.Deployment)
}

func has(set desired.CellSet, deployment string) bool {
	for _, object := range set.Runtime {
		if object.GetKind() == "Deployment" && object.GetName() == deployment {
			return true
		}
	}
	return false
}

// rollout is ready when every wanted pod runs the current template and serves.
func rollout(d *appsv1.Deployment) component.Outcome {
	wanted := ptr.Deref(d.Spec.Replicas, 1)
	if d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas == wanted && d.Status.AvailableReplicas == wanted && d.Status.Replicas == wanted {
		return component.Outcome{}
	}
	return component.Wait(v1alpha1.ReasonRuntimeStarting, fmt.Sprintf(
		"%d of %d runtime pods are up to date and %d serve; look at `kubectl -n %s get pods`",
		d.Status.UpdatedReplicas, wanted, d.Status.AvailableReplicas, d.Namespace), 0)
}
