package tenant

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

// identify finds out who the tenant is: who it was, whom it adopts, whose
// Binding carries its name, or else somebody new.
func (p *Parts) identify(ctx context.Context, s *Scope) component.Outcome {
	id, outcome := p.identity(ctx, s)
	if !outcome.Ready() {
		return outcome
	}
	others, err := Claimants(ctx, p.Client, id.String())
	if err != nil {
		return component.Fail(err)
	}
	for _, other := range others {
		if other != s.Tenant.Name {
			return inUse(id, other)
		}
	}
	if other, ok := p.Placements.Claim(id.String(), s.Tenant.Name); !ok {
		return inUse(id, other)
	}
	bindings, outcome := p.bindingsOf(ctx, s, id)
	switch {
	case !outcome.Ready():
		return outcome
	case len(bindings) > 1:
		return component.Stall(v1alpha1.ReasonIdentityAmbiguous, fmt.Sprintf(
			"the cells %s and %s both hold a Binding of %s; delete the one that is not the tenant's", bindings[0].Cell, bindings[1].Cell, id))
	case len(bindings) == 1:
		s.Bound = bindings[0]
	}
	s.ID = id
	return component.Outcome{}
}

func (p *Parts) identity(ctx context.Context, s *Scope) (uuid.UUID, component.Outcome) {
	t := s.Tenant
	switch {
	case t.Status.ID != "":
		return parse(t.Status.ID)
	case t.Spec.AdoptID != "":
		return p.adopt(ctx, s)
	}
	return p.recognise(ctx, t)
}

// bindingsOf are the Bindings of an id. In a cluster of the tenant's own only what
// is in the cell that the hub knows there counts.
func (p *Parts) bindingsOf(ctx context.Context, s *Scope, id uuid.UUID) ([]*Bound, component.Outcome) {
	own, err := ownCellOf(ctx, p.Client, id.String())
	elsewhere := s.Cluster
	switch {
	case err != nil:
		return nil, component.Fail(err)
	case own == nil:
		elsewhere = nil
	case !own.Spec.Cluster.Same(s.Tenant.Spec.Cluster):
		return nil, component.Stall(v1alpha1.ReasonMoveRequired, fmt.Sprintf(
			"the Cell %s, which holds the tenant %s, is in another cluster than spec.cluster says; apply a Tenant with the spec.cluster of that Cell", own.Name, id))
	}
	found, err := p.Bindings.ByID(ctx, id, elsewhere)
	if err != nil {
		return nil, component.Fail(err)
	}
	return found, component.Outcome{}
}

func parse(text string) (uuid.UUID, component.Outcome) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, component.Fail(fmt.Errorf("id %q: %w", text, err))
	}
	return id, component.Outcome{}
}

// adopt takes over the identity that the spec names.
func (p *Parts) adopt(ctx context.Context, s *Scope) (uuid.UUID, component.Outcome) {
	id, outcome := parse(s.Tenant.Spec.AdoptID)
	if !outcome.Ready() {
		return id, outcome
	}
	found, outcome := p.bindingsOf(ctx, s, id)
	if !outcome.Ready() || len(found) > 0 {
		return id, outcome
	}
	_, own, err := p.ownCell(ctx, s.Tenant)
	if err != nil {
		return id, component.Fail(err)
	}
	if own == nil {
		return id, component.Stall(v1alpha1.ReasonAdoptionNotFound, fmt.Sprintf(
			"no cell holds data of the tenant %s; correct spec.adoptID in a new Tenant", id))
	}
	return id, component.Outcome{}
}

// recognise finds the tenant again after its status was lost, by what is kept
// under its name, and refuses to guess when a deleted tenant of this name left data.
func (p *Parts) recognise(ctx context.Context, t *v1alpha1.Tenant) (uuid.UUID, component.Outcome) {
	own, outcome := parse(string(t.UID))
	if !outcome.Ready() {
		return own, outcome
	}
	records, err := p.records(ctx, t)
	if err != nil {
		return own, component.Fail(err)
	}
	var active, retained []uuid.UUID
	for _, r := range records {
		switch {
		case r.id == own:
			return own, component.Outcome{}
		case r.retained:
			retained = append(retained, r.id)
		default:
			active = append(active, r.id)
		}
	}
	switch {
	case len(active) == 1:
		return active[0], component.Outcome{}
	case len(active) > 1:
		return own, component.Stall(v1alpha1.ReasonIdentityAmbiguous, fmt.Sprintf(
			"%d tenants named %s have data, such as %s and %s; apply a new Tenant whose spec.adoptID says which one this is",
			len(active), t.Name, active[0], active[1]))
	case len(retained) > 0:
		return own, component.Stall(v1alpha1.ReasonNameRetained, fmt.Sprintf(
			"a deleted tenant of this name left its data; if this is the same customer, set spec.adoptID: %s, else choose another name", retained[0]))
	}
	return own, component.Outcome{}
}

func inUse(id uuid.UUID, other string) component.Outcome {
	return component.Stall(v1alpha1.ReasonIDInUse, fmt.Sprintf("the Tenant %s has the id %s; two Tenants cannot share one", other, id))
}

// Claimants are the names of the Tenants that have, or could take, an id.
func Claimants(ctx context.Context, reader client.Reader, id string) ([]string, error) {
	var tenants v1alpha1.TenantList
	if err := reader.List(ctx, &tenants, client.MatchingFields{IndexTenantID: id}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	return tenantNames(tenants), nil
}

// PlacedIn names the Tenants whose status says that a cell holds them.
func PlacedIn(ctx context.Context, reader client.Reader, cellName string) ([]string, error) {
	var tenants v1alpha1.TenantList
	if err := reader.List(ctx, &tenants, client.MatchingFields{IndexPlacement: cellName}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	return tenantNames(tenants), nil
}

func tenantNames(tenants v1alpha1.TenantList) []string {
	var names []string
	for i := range tenants.Items {
		names = append(names, tenants.Items[i].Name)
	}
	return names
}
