package desired

import (
	"testing"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// sizes are cells of many sizes.
var sizes = map[string]func(*CellInput){
	"default":            nil,
	"one of each":        func(in *CellInput) { in.Cell.Spec.Runtime.Replicas = 1 },
	"a hundred replicas": func(in *CellInput) { in.Cell.Spec.Runtime.Replicas = 100 },
	"nine instances":     func(in *CellInput) { in.Cell.Spec.Database.Instances = 9 },
	"autoscaled":         scaled,
	"a maximum below the minimum": func(in *CellInput) {
		in.Cell.Spec.Runtime.Replicas, in.Cell.Spec.Runtime.Autoscaling = 4, &v1alpha1.Autoscaling{MaxReplicas: 2}
	},
	"limits only": func(in *CellInput) {
		large := &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("4Gi")}}
		in.Cell.Spec.Runtime.Resources, in.Cell.Spec.Database.Resources = large, large
	},
	"requests above the default limit": func(in *CellInput) {
		large := &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourceCPU: resource.MustParse("4")}}
		in.Cell.Spec.Runtime.Resources, in.Cell.Spec.Database.Resources = large, large
	},
	"smaller than a probe": func(in *CellInput) {
		small := &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi"), corev1.ResourceCPU: resource.MustParse("10m")}}
		in.Cell.Spec.Runtime.Resources, in.Cell.Spec.Database.Resources = small, small
	},
	"with a backup plugin": withPlugin,
}

// TestQuota: everything that runs at the worst moment fits, and not much more,
// so that a tenant's own cell costs what its plan says.
func TestQuota(t *testing.T) {
	for name, change := range sizes {
		t.Run(name, func(t *testing.T) {
			in := input(change)
			set := built(t, in)
			for namespace, worst := range map[string]usage{
				RuntimeNamespace(in.Cell.Name):  runtimeAtItsWorst(t, in, set),
				DatabaseNamespace(in.Cell.Name): databaseAtItsWorst(t, in, set),
			} {
				hard := as[corev1.ResourceQuota](t, find(t, set.Bounds, "ResourceQuota", namespace)).Spec.Hard
				for resource, needed := range worst {
					limit := hard[resource]
					if limit.Cmp(needed) < 0 {
						t.Errorf("%s: %s: needs %s, may have %s", namespace, resource, needed.String(), limit.String())
					}
					if enough := times(2, &needed); cost[resource] && limit.Cmp(enough) > 0 {
						t.Errorf("%s: %s: needs only %s, may have %s", namespace, resource, needed.String(), limit.String())
					}
				}
			}
		})
	}
}

// cost is what somebody pays for.
var cost = map[corev1.ResourceName]bool{
	corev1.ResourcePods: true, corev1.ResourceRequestsCPU: true, corev1.ResourceRequestsMemory: true,
	corev1.ResourceLimitsMemory: true, corev1.ResourceRequestsStorage: true,
}

// usage is what the pods of a namespace are charged with.
type usage corev1.ResourceList

func (u usage) add(resource corev1.ResourceName, q resource.Quantity) {
	sum := u[resource]
	sum.Add(q)
	u[resource] = sum
}

// run charges pods as the API server does, after it applied the LimitRange.
func (u usage) run(t *testing.T, set CellSet, namespace string, pods int, containers ...corev1.ResourceRequirements) {
	t.Helper()
	defaults := as[corev1.LimitRange](t, find(t, set.Bounds, "LimitRange", namespace)).Spec.Limits[0]
	for range pods {
		u.add(corev1.ResourcePods, count(1))
		for _, c := range containers {
			cpu, memory, limit := c.Requests[corev1.ResourceCPU], c.Requests[corev1.ResourceMemory], c.Limits[corev1.ResourceMemory]
			if c.Requests == nil && c.Limits == nil {
				cpu, memory, limit = *defaults.DefaultRequest.Cpu(), *defaults.DefaultRequest.Memory(), *defaults.Default.Memory()
			}
			if cpu.IsZero() || memory.IsZero() || limit.Cmp(memory) < 0 {
				t.Errorf("%s: a container of %v is refused", namespace, c)
			}
			u.add(corev1.ResourceRequestsCPU, cpu)
			u.add(corev1.ResourceRequestsMemory, memory)
			u.add(corev1.ResourceLimitsMemory, limit)
		}
	}
}

var silent = corev1.ResourceRequirements{} // a container that says nothing

// runtimeAtItsWorst: scaled to the most, all pods of one version end while the
// next one's run, one more begins, and two people look into it.
func runtimeAtItsWorst(t *testing.T, in CellInput, set CellSet) usage {
	namespace := RuntimeNamespace(in.Cell.Name)
	container := as[appsv1.Deployment](t, find(t, set.Runtime, "Deployment", namespace)).Spec.Template.Spec.Containers[0].Resources
	pods := max(int(in.Cell.Spec.Runtime.Replicas), 1)
	if scaling := in.Cell.Spec.Runtime.Autoscaling; scaling != nil {
		pods = max(pods, int(scaling.MaxReplicas))
	}
	u := usage{}
	for range pods + pods + 1 {
		u.run(t, set, namespace, 1, container)
		if in.Cell.Spec.Runtime.RuntimeClassName != "" {
			u.add(corev1.ResourceRequestsCPU, resource.MustParse("250m"))
			u.add(corev1.ResourceRequestsMemory, resource.MustParse("600Mi"))
			u.add(corev1.ResourceLimitsMemory, resource.MustParse("600Mi"))
		}
		u.add("count/configmaps", count(1))
	}
	u.run(t, set, namespace, 2, silent)
	u.add("count/configmaps", count(3)) // the cluster's, the database's and Vault's authorities
	return u
}

// databaseAtItsWorst: every instance runs, a lost one still ends on its node, its
// successor joins by a Job, one migration ends, another begins, and two people
// look into it.
func databaseAtItsWorst(t *testing.T, in CellInput, set CellSet) usage {
	namespace := DatabaseNamespace(in.Cell.Name)
	cluster := as[cnpgv1.Cluster](t, find(t, set.Database, "Cluster", namespace))
	pod := []corev1.ResourceRequirements{cluster.Spec.Resources}
	if len(cluster.Spec.Plugins) > 0 {
		pod = append(pod, silent)
	}
	u := usage{}
	u.run(t, set, namespace, cluster.Spec.Instances+1+1, pod...)
	for range cluster.Spec.Instances + 1 {
		u.add(corev1.ResourcePersistentVolumeClaims, count(1))
		u.add(corev1.ResourceRequestsStorage, resource.MustParse(cluster.Spec.StorageConfiguration.Size))
	}
	migration := as[batchv1.Job](t, find(t, set.Schema, "Job", namespace)).Spec.Template.Spec.Containers[0].Resources
	u.run(t, set, namespace, 2, migration)
	u.run(t, set, namespace, 2, silent)
	return u
}

// TestQuotaCountsNoBindings: the API server writes a quota's status for every
// object that it counts.
func TestQuotaCountsNoBindings(t *testing.T) {
	in := input(nil)
	hard := as[corev1.ResourceQuota](t, find(t, built(t, in).Bounds, "ResourceQuota", RuntimeNamespace(in.Cell.Name))).Spec.Hard
	for _, name := range []corev1.ResourceName{"count/secrets", corev1.ResourceSecrets} {
		if _, counted := hard[name]; counted {
			t.Errorf("%s is counted", name)
		}
	}
}

func find(t *testing.T, objects []*unstructured.Unstructured, kind, namespace string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == kind && object.GetNamespace() == namespace {
			return object
		}
	}
	t.Fatalf("there is no %s in %s", kind, namespace)
	return nil
}
