package desired

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"
)

// disruptionBudget keeps node drains from taking the runtime away. With one
// replica it would only block them.
func disruptionBudget(in CellInput) any {
	if in.Cell.Spec.Runtime == nil || Replicas(in) < 2 {
		return nil
	}
	return policyv1ac.PodDisruptionBudget(nameRuntime, RuntimeNamespace(in.Cell.Name)).
		WithLabels(labels(in.Cell.Name, PartRuntime)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(1)).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(RuntimePod(in.Cell.Name))))
}
