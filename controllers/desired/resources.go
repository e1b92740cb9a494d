package desired

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// What a container asks for when nobody says otherwise. The API's documentation
// promises these numbers.
func runtimeResources() corev1.ResourceRequirements   { return resources("50m", "128Mi", "1Gi") }
func databaseResources() corev1.ResourceRequirements  { return resources("50m", "256Mi", "1Gi") }
func migrationResources() corev1.ResourceRequirements { return resources("20m", "32Mi", "256Mi") }

// resources bounds memory and leaves CPU free to burst.
func resources(cpu, memory, memoryLimit string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse(cpu),
			corev1.ResourceMemory: resource.MustParse(memory),
		},
		Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memoryLimit)},
	}
}

// sized completes what somebody asked for: as everywhere in Kubernetes, a limit
// is the request when there is none; the rest comes from the standard. Nothing
// is left for a LimitRange to fill in, which could put a limit below a request.
func sized(custom *corev1.ResourceRequirements, standard corev1.ResourceRequirements) corev1.ResourceRequirements {
	if custom == nil {
		return standard
	}
	out := *custom.DeepCopy()
	requests := maps.Clone(standard.Requests)
	maps.Copy(requests, out.Limits)
	maps.Copy(requests, out.Requests)
	limits := maps.Clone(standard.Limits)
	for name, limit := range limits {
		if request := requests[name]; request.Cmp(limit) > 0 {
			limits[name] = request
		}
	}
	maps.Copy(limits, out.Limits)
	out.Requests, out.Limits = requests, limits
	return out
}

func applied(r corev1.ResourceRequirements) *corev1ac.ResourceRequirementsApplyConfiguration {
	return corev1ac.ResourceRequirements().WithRequests(r.Requests).WithLimits(r.Limits)
}
