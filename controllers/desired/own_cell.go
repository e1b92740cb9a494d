package desired

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
)

type OwnCellInput struct {
	Tenant  *v1alpha1.Tenant
	ID      string
	Profile tier.Profile
	Plan    *v1alpha1.Plan
	Server  string
}

func OwnCell(in OwnCellInput) *v1alpha1.Cell {
	c := &v1alpha1.Cell{ObjectMeta: metav1.ObjectMeta{Name: OwnCellName(in.ID), Labels: map[string]string{LabelManagedBy: ManagedBy, LabelTenant: in.Tenant.Name}}}
	c.Spec.TenantID, c.Spec.Capacity = in.ID, 1
	if in.Profile.Database == tier.Own {
		c.Spec.Database = in.Plan.Spec.Database
	}
	if in.Profile.Runtime == tier.Own {
		c.Spec.Runtime = in.Plan.Spec.Runtime
	} else {
		c.Spec.ServedBy = in.Server
	}
	if in.Profile.Cluster == tier.Own {
		c.Spec.Cluster = in.Tenant.Spec.Cluster
	}
	return c
}
