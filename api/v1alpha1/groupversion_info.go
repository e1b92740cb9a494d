// Package v1alpha1 is the API of Bulkhead: the kinds that platform engineers,
// sales and GitOps pipelines write, and the conditions that the operator reports.
//
// +kubebuilder:object:generate=true
// +groupName=bulkhead.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "bulkhead.dev", Version: "v1alpha1"}

// AddToScheme registers the kinds of this package.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Tenant{}, &TenantList{},
		&Cell{}, &CellList{},
		&Plan{}, &PlanList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
