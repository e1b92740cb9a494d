package controllers

import (
	"errors"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// judgeEndpoints says on the Plan, once for all of its tenants, which addresses of
// its model endpoints no wall opens.
func judgeEndpoints(plan *v1alpha1.Plan, status *v1alpha1.PlanStatus) {
	if len(plan.Spec.ModelEndpoints) == 0 {
		meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionEndpointsReady)
		return
	}
	judged := metav1.Condition{
		Type: v1alpha1.ConditionEndpointsReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, ObservedGeneration: plan.Generation,
	}
	if err := errors.Join(desired.RefusedEndpoints("spec.modelEndpoints", plan.Spec.ModelEndpoints)...); err != nil {
		judged.Status, judged.Reason = metav1.ConditionFalse, v1alpha1.ReasonEndpointRefused
		judged.Message = component.Truncate(err.Error() + "; these stay closed to the plan's tenants until they are corrected")
	}
	meta.SetStatusCondition(&status.Conditions, judged)
}
