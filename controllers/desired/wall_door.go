package desired

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// DoorInput says whose database a shared runtime may reach.
type DoorInput struct {
	// ServingCell is the cell whose runtime serves the tenant.
	ServingCell string
	// TenantID is the id of the tenant whose own cell holds the database.
	TenantID string
}

// DatabaseDoor lets the pods of a shared runtime out to one tenant's own
// database. It is in the serving cell's namespace but not in that cell's set:
// who serves the tenant applies it, and deletes it when the tenant leaves.
func DatabaseDoor(in DoorInput) (*unstructured.Unstructured, error) {
	databases := pods(DatabaseNamespace(OwnCellName(in.TenantID)), databasePod())
	l := labels(in.ServingCell, PartRuntime)
	l[binding.LabelTenantID] = in.TenantID
	return single(wall(door(in.TenantID), RuntimeNamespace(in.ServingCell), l,
		RuntimePod(in.ServingCell), nil, []*egress{to(portPostgreSQL, databases)}))
}
