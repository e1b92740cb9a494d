package desired

import (
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// runtimeDefaults let a pod that says nothing of its size into the namespace,
// whose quota refuses it otherwise.
func runtimeDefaults(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	return limitRange(RuntimeNamespace(in.Cell.Name), labels(in.Cell.Name, PartRuntime), runtimeResources())
}

// databaseDefaults do the same for the sidecars of CloudNativePG's plugins.
func databaseDefaults(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	return limitRange(DatabaseNamespace(in.Cell.Name), labels(in.Cell.Name, PartDatabase), databaseResources())
}

func limitRange(namespace string, l map[string]string, defaults corev1.ResourceRequirements) any {
	return corev1ac.LimitRange(nameBounds, namespace).WithLabels(l).
		WithSpec(corev1ac.LimitRangeSpec().WithLimits(corev1ac.LimitRangeItem().
			WithType(corev1.LimitTypeContainer).
			WithDefaultRequest(defaults.Requests).WithDefault(defaults.Limits)))
}
