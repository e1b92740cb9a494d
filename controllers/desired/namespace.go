package desired

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

func runtimeNamespace(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	return namespace(RuntimeNamespace(in.Cell.Name), in, PartRuntime)
}

func databaseNamespace(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	return namespace(DatabaseNamespace(in.Cell.Name), in, PartDatabase)
}

// AnnotationOwner on a namespace is the UID of the Cell it was made for.
const AnnotationOwner = "bulkhead.dev/owner-uid"

// namespace is held to the restricted Pod Security Standard.
func namespace(name string, in CellInput, part string) any {
	l := labels(in.Cell.Name, part)
	for _, mode := range []string{"enforce", "audit", "warn"} {
		l["pod-security.kubernetes.io/"+mode] = "restricted"
	}
	return corev1ac.Namespace(name).WithLabels(l).
		WithAnnotations(map[string]string{AnnotationOwner: string(in.Cell.UID)})
}
