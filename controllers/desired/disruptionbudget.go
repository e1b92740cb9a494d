package desired

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"
)

// disruptionBudget keeps node drains from taking the runtime away: one pod goes
// at a time, however many an autoscaler has made. A single pod has to go.
func disruptionBudget(in CellInput) any {
	if !serves(in) || mostPods(in) < 2 {
		return nil
	}
	return policyv1ac.PodDisruptionBudget(nameRuntime, RuntimeNamespace(in.Cell.Name)).
		WithLabels(labels(in.Cell.Name, PartRuntime)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(1)).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(RuntimePod(in.Cell.Name))))
}
