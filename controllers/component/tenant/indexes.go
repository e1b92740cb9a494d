package tenant

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// The field indexes of Tenants and Cells.
const (
	// IndexTenantID finds Tenants by the ids that they claim.
	IndexTenantID = "bulkhead.tenantID"
	// IndexReady finds Tenants by the status of their Ready condition.
	IndexReady = "bulkhead.ready"
	// IndexUnplaced finds Tenants without a place by the reason, which is Unjudged
	// before there is one.
	IndexUnplaced = "bulkhead.unplaced"
	// IndexOwnerName finds Cells that are one tenant's own by that tenant's name.
	IndexOwnerName = "bulkhead.ownerName"
	// IndexPlacement finds Tenants by the cells that hold them.
	IndexPlacement = "bulkhead.placement"
	// IndexPlan finds Tenants by the plan in force.
	IndexPlan = "bulkhead.plan"
	// IndexModelKey finds Tenants by the Secrets with their models' keys.
	IndexModelKey = "bulkhead.modelKey"
)

// Unjudged is the value of IndexUnplaced of a Tenant that nobody has looked at yet.
const Unjudged = "Unjudged"

// BindingKeys are what a Binding is found by in the namespaces of all cells: the
// tenant's id, which is in the Secret's name whatever else was changed, and the
// tenant's name.
func BindingKeys(object client.Object) []string {
	id, ok := desired.TenantOfBinding(object.GetName())
	if !ok {
		return nil
	}
	return []string{keyOfID(id), keyOfName(object.GetLabels()[desired.LabelTenant])}
}

const prefixID = "id:"

func keyOfID(id string) string     { return prefixID + id }
func keyOfName(name string) string { return "name:" + name }

// IndexTenantByID is the value of IndexTenantID: the object's own UID, and the
// identity that it has taken.
func IndexTenantByID(object client.Object) []string {
	t, ok := object.(*v1alpha1.Tenant)
	if !ok {
		return nil
	}
	if t.Status.ID == "" || t.Status.ID == string(t.UID) {
		return []string{string(t.UID)}
	}
	return []string{string(t.UID), t.Status.ID}
}

// IndexTenantByReady is the value of IndexReady: "True" or "False".
func IndexTenantByReady(object client.Object) []string {
	t, ok := object.(*v1alpha1.Tenant)
	if !ok {
		return nil
	}
	if meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionReady) {
		return []string{"True"}
	}
	return []string{"False"}
}

// IndexTenantByUnplaced is the value of IndexUnplaced.
func IndexTenantByUnplaced(object client.Object) []string {
	t, ok := object.(*v1alpha1.Tenant)
	if !ok {
		return nil
	}
	placed := meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionPlaced)
	switch {
	case placed == nil:
		return []string{Unjudged}
	case placed.Status == metav1.ConditionTrue:
		return nil
	}
	return []string{placed.Reason}
}

// IndexTenantByPlacement is the value of IndexPlacement.
func IndexTenantByPlacement(object client.Object) []string {
	t, ok := object.(*v1alpha1.Tenant)
	if !ok || t.Status.Placement == nil {
		return nil
	}
	cells := []string{t.Status.Placement.Database, t.Status.Placement.Compute}
	return slices.Compact(cells)
}

// IndexTenantByPlan is the value of IndexPlan.
func IndexTenantByPlan(object client.Object) []string {
	t, ok := object.(*v1alpha1.Tenant)
	if !ok || t.Status.Plan == "" {
		return nil
	}
	return []string{t.Status.Plan}
}

// IndexTenantByModelKey is the value of IndexModelKey.
func IndexTenantByModelKey(object client.Object) []string {
	t, ok := object.(*v1alpha1.Tenant)
	if !ok || t.Spec.Models == nil {
		return nil
	}
	var secrets []string
	for _, use := range desired.ModelUses(t.Spec.Models) {
		if ref := use.Endpoint.APIKeySecretRef; ref != nil && !slices.Contains(secrets, ref.Name) {
			secrets = append(secrets, ref.Name)
		}
	}
	return secrets
}

// IndexCellByOwnerName is the value of IndexOwnerName.
func IndexCellByOwnerName(object client.Object) []string {
	c, ok := object.(*v1alpha1.Cell)
	if !ok || c.Spec.TenantID == "" {
		return nil
	}
	return []string{c.Labels[desired.LabelTenant]}
}
