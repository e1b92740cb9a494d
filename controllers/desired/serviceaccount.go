package desired

import corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

// serviceAccount is the identity of runtime pods, to Kubernetes and to Vault.
func serviceAccount(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	return corev1ac.ServiceAccount(RuntimeServiceAccount, RuntimeNamespace(in.Cell.Name)).
		WithLabels(labels(in.Cell.Name, PartRuntime))
}
