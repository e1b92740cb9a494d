package clusters

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// The conditions of a Cluster API Cluster that say what keeps it, and the reasons
// of the first for which it can never be made as it is
// (https://cluster-api.sigs.k8s.io/reference/api/).
const (
	conditionTopology = "TopologyReconciled"
	conditionServes   = "Available"

	reasonTopologyFailed = "ReconcileFailed"
	reasonClassNotReady  = "ClusterClassNotReconciled"
)

// ClusterAPI reads from the cache the Clusters that Cluster API makes. Without
// Cluster API the error is one of apply.IsMissingKind.
func (c *Clusters) ClusterAPI(ctx context.Context) (client.Reader, error) {
	kind := &unstructured.Unstructured{}
	kind.SetGroupVersionKind(desired.ClusterAPIKind)
	return c.hub.Caches.Open(ctx, desired.ClustersNamespace, kind)
}

// MissingClusterAPI says that nobody is there who could make a cluster.
func MissingClusterAPI() *NotReady {
	return &NotReady{v1alpha1.ReasonClusterAPIMissing, "there is no Cluster API (" + desired.ClusterAPIKind.GroupVersion().String() +
		") that could make the cluster; install v1.11 or later, or give spec.cluster.kubeconfigSecretRef"}
}

// provisioned is nil when the kubeconfig that Cluster API made for a cell can be
// used, else a *NotReady. A cluster that runs goes on without Cluster API.
func (c *Clusters) provisioned(ctx context.Context, ref *v1alpha1.ClusterAPI, cell string, hasKubeconfig bool) error {
	live, err := c.clusterFor(ctx, cell)
	missing := apply.IsMissingKind(err)
	switch {
	case err != nil && !missing:
		return err
	case live != nil && live.GetLabels()[desired.LabelManagedBy] != desired.ManagedBy:
		return &NotReady{v1alpha1.ReasonForeignObject, apply.Describe(live) + " exists and was not made by bulkhead; remove it, as the tenant's cluster needs that name"}
	case hasKubeconfig:
		return nil
	case missing:
		return MissingClusterAPI()
	case live == nil:
		return &NotReady{v1alpha1.ReasonClusterProvisioning, fmt.Sprintf("the Cluster %s/%s is about to be made", desired.ClustersNamespace, cell)}
	}
	return &NotReady{v1alpha1.ReasonClusterProvisioning, progress(live, ref.Class)}
}

// clusterFor is the Cluster that Cluster API makes for a cell; nil for none.
func (c *Clusters) clusterFor(ctx context.Context, cell string) (*unstructured.Unstructured, error) {
	reader, err := c.ClusterAPI(ctx)
	if err != nil {
		return nil, err
	}
	cluster := &unstructured.Unstructured{}
	cluster.SetGroupVersionKind(desired.ClusterAPIKind)
	if err := reader.Get(ctx, client.ObjectKey{Namespace: desired.ClustersNamespace, Name: cell}, cluster); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return cluster, nil
}

// progress says how far Cluster API is with a Cluster that has no kubeconfig yet.
func progress(live *unstructured.Unstructured, class string) string {
	name := apply.Describe(live)
	if live.GetDeletionTimestamp() != nil {
		return name + " is being deleted"
	}
	conditions := conditionsOf(live)
	topology := meta.FindStatusCondition(conditions, conditionTopology)
	serves := meta.FindStatusCondition(conditions, conditionServes)
	switch {
	case topology != nil && topology.Status == metav1.ConditionFalse && (topology.Reason == reasonTopologyFailed || topology.Reason == reasonClassNotReady):
		return fmt.Sprintf("Cluster API cannot make %s: %s; correct the ClusterClass %s/%s, or apply it", name, topology.Message, desired.ClustersNamespace, class)
	case serves != nil && serves.Status != metav1.ConditionTrue:
		return fmt.Sprintf("Cluster API makes %s, and its kubeconfig is awaited: %s", name, serves.Message)
	case len(conditions) == 0:
		return fmt.Sprintf("Cluster API has not begun with %s; if this lasts, look at its controllers", name)
	}
	return fmt.Sprintf("Cluster API makes %s, and its kubeconfig is awaited", name)
}

// conditionsOf is empty for what cannot be read.
func conditionsOf(live *unstructured.Unstructured) []metav1.Condition {
	var read struct {
		Status struct {
			Conditions []metav1.Condition `json:"conditions"`
		} `json:"status"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, &read); err != nil {
		return nil
	}
	return read.Status.Conditions
}
