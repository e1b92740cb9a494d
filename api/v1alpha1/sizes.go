package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// DatabaseSize is the size of a PostgreSQL cluster.
type DatabaseSize struct {
	// instances is the number of PostgreSQL instances; from two on, one is the
	// primary and the others are replicas ready to take over. The default is 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=9
	Instances int32 `json:"instances,omitempty"`

	// storage is the size of each instance's volume, such as 10Gi.
	// +required
	Storage *resource.Quantity `json:"storage,omitempty"`

	// resources of each instance. Nothing is requested or limited by default.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}

// RuntimeSize is the size of a runtime Deployment.
type RuntimeSize struct {
	// replicas is the number of runtime pods. The default is 2.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Replicas int32 `json:"replicas,omitempty"`

	// resources of each pod. By default 50m of CPU and 128Mi of memory are
	// requested and 1Gi of memory is the limit.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}
