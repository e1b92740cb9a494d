package desired

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
)

// OwnCellInput is every fact that a tenant's own cell is built from.
type OwnCellInput struct {
	// Tenant and ID are the tenant's name and identity.
	Tenant, ID string
	Profile    tier.Profile
	// Plan has the sizes of what the profile says is the tenant's own.
	Plan *v1alpha1.Plan
	// ServingCell is the cell whose runtime serves a tenant that has none.
	ServingCell string
	// Cluster is where the cell is when the tenant has a cluster to itself.
	Cluster *v1alpha1.ClusterReference
}

// OwnCell builds the cell of what the tenant does not share; nil when it shares
// everything.
func OwnCell(in OwnCellInput) *v1alpha1.Cell {
	if in.Profile.OwnsNothing() {
		return nil
	}
	plan := in.Plan.Spec.DeepCopy()
	spec := v1alpha1.CellSpec{TenantID: in.ID, Accepting: ptr.To(true), Capacity: 1}
	if in.Profile.Cluster == tier.Own {
		spec.Cluster = in.Cluster.DeepCopy()
	}
	if in.Profile.Database == tier.Own {
		spec.Database = plan.Database
	}
	if in.Profile.Runtime == tier.Own {
		spec.Runtime, spec.Endpoints = plan.Runtime, plan.ModelEndpoints
	} else if in.Profile.Database == tier.Own {
		spec.ServedBy = in.ServingCell
	}
	return &v1alpha1.Cell{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Cell"},
		ObjectMeta: metav1.ObjectMeta{
			Name:   OwnCellName(in.ID),
			Labels: map[string]string{LabelManagedBy: ManagedBy, LabelTenant: in.Tenant},
		},
		Spec: spec,
	}
}
