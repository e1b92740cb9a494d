package tenant

import (
	"cmp"
	"context"

	"github.com/google/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// record says that a tenant of a name has, or had, something: a Binding, or a cell
// of its own.
type record struct {
	id       uuid.UUID
	retained bool
}

// records are what is kept under a tenant's name, by what only the operator writes:
// the Bindings on the hub, and the hub's Cells. Where there is no such Binding the
// tenant's own cell counts: before the Binding is made, and on another cluster,
// whose owner may write there what he likes.
func (p *Parts) records(ctx context.Context, t *v1alpha1.Tenant) ([]record, error) {
	named, err := p.Bindings.ByName(ctx, t.Name)
	if err != nil {
		return nil, err
	}
	var all []record
	bound := map[uuid.UUID]bool{}
	for _, b := range named {
		all = append(all, record{b.ID, b.Retained()})
		bound[b.ID] = true
	}
	cells, err := p.ownCells(ctx, t.Name)
	if err != nil {
		return nil, err
	}
	for i := range cells {
		id, err := uuid.Parse(cells[i].Spec.TenantID)
		if err != nil {
			return nil, err
		}
		if !bound[id] && (!cells[i].Spec.IsRetired() || mayHoldElsewhere(&cells[i])) {
			all = append(all, record{id, cells[i].Spec.IsRetired()})
		}
	}
	return all, nil
}

// ownCell names the cell that a tenant has to itself, or will get, and returns it;
// nil while it does not exist.
func (p *Parts) ownCell(ctx context.Context, t *v1alpha1.Tenant) (name string, own *v1alpha1.Cell, err error) {
	id := cmp.Or(t.Status.ID, t.Spec.AdoptID)
	if id == "" {
		if id, err = p.ownerByName(ctx, t); err != nil {
			return "", nil, err
		}
	}
	own, err = ownCellOf(ctx, p.Client, id)
	return desired.OwnCellName(id), own, err
}

// ownCellOf is the cell that the tenant of an id has to itself; nil while there is none.
func ownCellOf(ctx context.Context, reader client.Reader, id string) (*v1alpha1.Cell, error) {
	var own v1alpha1.Cell
	if err := reader.Get(ctx, client.ObjectKey{Name: desired.OwnCellName(id)}, &own); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return &own, nil
}

// ownerByName is the id of the one cell in use that was made for a tenant of this
// name, when its status was lost; else the tenant's own.
func (p *Parts) ownerByName(ctx context.Context, t *v1alpha1.Tenant) (string, error) {
	cells, err := p.ownCells(ctx, t.Name)
	if err != nil {
		return "", err
	}
	var owners []string
	for i := range cells {
		switch {
		case cells[i].Spec.TenantID == string(t.UID):
			return string(t.UID), nil
		case !cells[i].Spec.IsRetired():
			owners = append(owners, cells[i].Spec.TenantID)
		}
	}
	if len(owners) == 1 {
		return owners[0], nil
	}
	return string(t.UID), nil
}

// ownCells are the cells that were made for tenants of a name, from the cache.
func (p *Parts) ownCells(ctx context.Context, tenant string) ([]v1alpha1.Cell, error) {
	var cells v1alpha1.CellList
	err := p.Client.List(ctx, &cells, client.MatchingFields{IndexOwnerName: tenant}, client.UnsafeDisableDeepCopy)
	return cells.Items, err
}

// mayHoldElsewhere reports whether a cell was in use on a cluster whose Bindings
// may not be visible now.
func mayHoldElsewhere(c *v1alpha1.Cell) bool {
	return c.Spec.Cluster != nil && len(c.Status.Namespaces) > 0
}
