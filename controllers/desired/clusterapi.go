package desired

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// ClusterAPIKind is the kind of Cluster API's Clusters
// (https://cluster-api.sigs.k8s.io/reference/api/: since Cluster API v1.11).
var ClusterAPIKind = schema.GroupVersionKind{Group: "cluster.x-k8s.io", Version: "v1beta2", Kind: "Cluster"}

// defaultWorkerClass is the name that Cluster API's own ClusterClasses use.
const defaultWorkerClass = "default-worker"

// ClusterAPICluster is the Cluster API Cluster of a cell, from a ClusterClass. What
// nobody asked for is left to the ClusterClass and to whoever owns it.
func ClusterAPICluster(cell *v1alpha1.Cell) (*unstructured.Unstructured, error) {
	spec := cell.Spec.Cluster.ClusterAPI
	workers := map[string]any{"name": "workers", "class": cmp.Or(spec.WorkerClass, defaultWorkerClass)}
	topology := map[string]any{
		"classRef": map[string]any{"name": spec.Class},
		"version":  spec.Version,
		"workers":  map[string]any{"machineDeployments": []any{workers}},
	}
	if spec.WorkerReplicas > 0 {
		workers["replicas"] = int64(spec.WorkerReplicas)
	}
	if spec.ControlPlaneReplicas > 0 {
		topology["controlPlane"] = map[string]any{"replicas": int64(spec.ControlPlaneReplicas)}
	}
	variables, err := clusterVariables(spec.Variables)
	if err != nil {
		return nil, err
	}
	if len(variables) > 0 {
		topology["variables"] = variables
	}
	cluster := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"topology": topology}}}
	cluster.SetGroupVersionKind(ClusterAPIKind)
	cluster.SetNamespace(ClustersNamespace)
	cluster.SetName(cell.Name)
	cluster.SetLabels(map[string]string{LabelManagedBy: ManagedBy, LabelCell: cell.Name})
	return cluster, nil
}

func clusterVariables(wanted []v1alpha1.ClusterVariable) ([]any, error) {
	var variables []any
	for _, v := range wanted {
		var value any
		if v.Value != nil { // null is a value
			if err := json.Unmarshal(v.Value.Raw, &value); err != nil {
				return nil, fmt.Errorf("spec.cluster.clusterAPI.variables[%s].value: %w", v.Name, err)
			}
		}
		variables = append(variables, map[string]any{"name": v.Name, "value": value})
	}
	return variables, nil
}
