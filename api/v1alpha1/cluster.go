package v1alpha1

import (
	"cmp"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// ClusterReference says which Kubernetes cluster a tenant has to itself. Give
// one of the two.
//
// +kubebuilder:validation:XValidation:rule="has(self.kubeconfigSecretRef) != has(self.clusterAPI)",message="give kubeconfigSecretRef or clusterAPI, and not both",reason=FieldValueInvalid
type ClusterReference struct {
	// kubeconfigSecretRef names a Secret in the namespace bulkhead-clusters that
	// holds a kubeconfig of a cluster that exists.
	// +optional
	KubeconfigSecretRef *KubeconfigReference `json:"kubeconfigSecretRef,omitempty"`

	// clusterAPI has a cluster made by Cluster API.
	// +optional
	ClusterAPI *ClusterAPI `json:"clusterAPI,omitempty"`
}

// Same reports whether two references mean one cluster for one cell: its versions
// and sizes may differ. Nil stands for the cluster that the operator runs in.
func (r *ClusterReference) Same(other *ClusterReference) bool {
	if r == nil || other == nil {
		return r == other
	}
	ours, theirs := r.KubeconfigSecretRef, other.KubeconfigSecretRef
	if ours == nil || theirs == nil {
		return ours == theirs // Cluster API names a cluster like the cell
	}
	return ours.Name == theirs.Name && ours.DataKey() == theirs.DataKey()
}

// KubeconfigReference names a kubeconfig in a Secret.
type KubeconfigReference struct {
	// name of a Secret in the namespace bulkhead-clusters. What Cluster API makes for a
	// tenant, t-<id>-kubeconfig, is for that tenant's cell only.
	// +required
	// +kubebuilder:validation:XValidation:rule="!self.matches('^t-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-kubeconfig$')",message="Cluster API makes this Secret for one tenant's cell; give the kubeconfig of another cluster, under another name",reason=FieldValueForbidden
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// key of the Secret's data. The default is "kubeconfig".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key,omitempty"`
}

// DataKey is the key of the Secret's data that holds the kubeconfig.
func (r *KubeconfigReference) DataKey() string { return cmp.Or(r.Key, "kubeconfig") }

// ClusterAPI describes a Cluster API Cluster by its ClusterClass
// (https://cluster-api.sigs.k8s.io/tasks/experimental-features/cluster-class/).
// The Cluster is made in the namespace bulkhead-clusters and never deleted.
type ClusterAPI struct {
	// class is the name of a ClusterClass in the namespace bulkhead-clusters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	Class string `json:"class,omitempty"`

	// version of Kubernetes, such as v1.35.1.
	// +required
	// +kubebuilder:validation:MinLength=5
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^v[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`
	Version string `json:"version,omitempty"`

	// controlPlaneReplicas is the number of control plane machines. The default is
	// that of the ClusterClass's control plane, mostly 1; one that a cloud manages
	// has no such number.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=9
	ControlPlaneReplicas int32 `json:"controlPlaneReplicas,omitempty"`

	// workerClass is the class of the worker machines in the ClusterClass. The
	// default is "default-worker".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	WorkerClass string `json:"workerClass,omitempty"`

	// workerReplicas is the number of worker machines. The default is that of
	// Cluster API: 1, or what an autoscaler says.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	WorkerReplicas int32 `json:"workerReplicas,omitempty"`

	// variables are the values of the ClusterClass's variables, such as a region.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Variables []ClusterVariable `json:"variables,omitempty"`
}

// ClusterVariable is the value of a ClusterClass's variable.
type ClusterVariable struct {
	// name of the variable.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Name string `json:"name,omitempty"`

	// value of the type that the ClusterClass says. It is no place for a secret:
	// whoever reads the Tenant reads it.
	// +required
	Value *apiextensionsv1.JSON `json:"value,omitempty"`
}
