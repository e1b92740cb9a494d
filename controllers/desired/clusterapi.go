package desired

import (
	"cmp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// defaultWorkerClass is the name that Cluster API's own ClusterClasses use.
const defaultWorkerClass = "default-worker"

// ClusterAPICluster is the Cluster API Cluster of a cell, from a ClusterClass
// (https://cluster-api.sigs.k8s.io/reference/api/: cluster.x-k8s.io/v1beta2).
func ClusterAPICluster(cell *v1alpha1.Cell) *unstructured.Unstructured {
	spec := cell.Spec.Cluster.ClusterAPI
	cluster := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "cluster.x-k8s.io/v1beta2",
		"kind":       "Cluster",
		"spec": map[string]any{"topology": map[string]any{
			"classRef":     map[string]any{"name": spec.Class},
			"version":      spec.Version,
			"controlPlane": map[string]any{"replicas": int64(max(spec.ControlPlaneReplicas, 1))},
			"workers": map[string]any{"machineDeployments": []any{map[string]any{
				"name":     "workers",
				"class":    cmp.Or(spec.WorkerClass, defaultWorkerClass),
				"replicas": int64(max(spec.WorkerReplicas, 1)),
			}}},
		}},
	}}
	cluster.SetNamespace(ClustersNamespace)
	cluster.SetName(cell.Name)
	cluster.SetLabels(map[string]string{LabelManagedBy: ManagedBy, LabelCell: cell.Name})
	return cluster
}
