package desired

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// spareObjects is how many Secrets or ConfigMaps others may put into a namespace:
// certificates, pull secrets, the cluster's own CA, what CloudNativePG makes.
const spareObjects = 50

// runtimeQuota bounds what the cell's runtime can use, even if the operator or
// somebody with its rights is led astray.
func runtimeQuota(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	bounds := runtimeDemand(in).hard()
	bounds[corev1.ResourcePersistentVolumeClaims] = count(0)
	// Secrets are not counted: the runtime can make none, and the API server would
	// write the quota's status for every Binding. An acknowledgement a pod, and those of pods that are not collected yet.
	bounds["count/configmaps"] = count(2*runtimeDemand(in).pods + spareObjects)
	return quota(RuntimeNamespace(in.Cell.Name), labels(in.Cell.Name, PartRuntime), bounds)
}

// databaseQuota leaves room for one instance more than there are: a lost one's
// volume stays until its successor serves.
func databaseQuota(in CellInput) any {
	size := in.Cell.Spec.Database
	if size == nil {
		return nil
	}
	volumes := int64(instances(size)) + 1
	bounds := databaseDemand(in).hard()
	bounds[corev1.ResourcePersistentVolumeClaims] = count(volumes)
	bounds[corev1.ResourceRequestsStorage] = times(volumes, size.Storage)
	bounds["count/secrets"] = count(spareObjects)
	bounds["count/configmaps"] = count(spareObjects)
	return quota(DatabaseNamespace(in.Cell.Name), labels(in.Cell.Name, PartDatabase), bounds)
}

func quota(namespace string, l map[string]string, bounds corev1.ResourceList) any {
	bounds[corev1.ResourceServicesNodePorts] = count(0) // nothing in a cell is open to the world by itself
	bounds[corev1.ResourceServicesLoadBalancers] = count(0)
	return corev1ac.ResourceQuota(nameBounds, namespace).WithLabels(l).
		WithSpec(corev1ac.ResourceQuotaSpec().WithHard(bounds))
}

// hard is the demand as a quota. CPU has no limit, so that it is free to burst.
func (d demand) hard() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourcePods:           count(d.pods),
		corev1.ResourceRequestsCPU:    d.cpu,
		corev1.ResourceRequestsMemory: d.memory,
		corev1.ResourceLimitsMemory:   d.memoryLimit,
	}
}

func count(n int64) resource.Quantity { return *resource.NewQuantity(n, resource.DecimalSI) }
