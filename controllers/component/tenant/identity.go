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
	bindings, err := p.Bindings.ByID(ctx, id, s.Cluster)
	switch {
	case err != nil:
		return component.Fail(err)
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
	case t.Status.ID != "" && t.Spec.AdoptID != "" && t.Spec.AdoptID != t.Status.ID:
		return uuid.Nil, component.Stall(v1alpha1.ReasonIDInUse, fmt.Sprintf(
			"this tenant is %s already and cannot become %s; remove spec.adoptID by applying a new Tenant", t.Status.ID, t.Spec.AdoptID))
	case t.Status.ID != "":
		return parse(t.Status.ID)
	case t.Spec.AdoptID != "":
		return p.adopt(ctx, s)
	}
	return p.recognise(ctx, s)
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
	found, err := p.Bindings.ByID(ctx, id, s.Cluster)
	if err != nil {
		return id, component.Fail(err)
	}
	if len(found) == 0 {
		return id, component.Stall(v1alpha1.ReasonAdoptionNotFound, fmt.Sprintf(
			"no cell holds data of the tenant %s; correct spec.adoptID in a new Tenant", id))
	}
	return id, component.Outcome{}
}

// recognise finds the tenant's Binding again after its status was lost, and
// refuses to guess when a deleted tenant of this name left data.
func (p *Parts) recognise(ctx context.Context, s *Scope) (uuid.UUID, component.Outcome) {
	t := s.Tenant
	own, outcome := parse(string(t.UID))
	if !outcome.Ready() {
		return own, outcome
	}
	named, err := p.Bindings.ByName(ctx, t.Name, s.Cluster)
	if err != nil {
		return own, component.Fail(err)
	}
	var active, retained []*Bound
	for _, b := range named {
		switch {
		case b.ID == own:
			return own, component.Outcome{}
		case b.Retained():
			retained = append(retained, b)
		default:
			active = append(active, b)
		}
	}
	switch {
	case len(active) == 1:
		return active[0].ID, component.Outcome{}
	case len(active) > 1:
		return own, component.Stall(v1alpha1.ReasonIdentityAmbiguous, fmt.Sprintf(
			"%d tenants named %s have data, such as %s and %s; apply a new Tenant whose spec.adoptID says which one this is",
			len(active), t.Name, active[0].ID, active[1].ID))
	case len(retained) > 0:
		return own, component.Stall(v1alpha1.ReasonNameRetained, fmt.Sprintf(
			"a deleted tenant of this name left its data; if this is the same customer, set spec.adoptID: %s, else choose another name", retained[0].ID))
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
	return namesOf(tenants), nil
}

// PlacedIn names the Tenants whose status says that a cell holds them.
func PlacedIn(ctx context.Context, reader client.Reader, cellName string) ([]string, error) {
	var tenants v1alpha1.TenantList
	if err := reader.List(ctx, &tenants, client.MatchingFields{IndexPlacement: cellName}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	return namesOf(tenants), nil
}

func namesOf(tenants v1alpha1.TenantList) []string {
	var names []string
	for i := range tenants.Items {
		names = append(names, tenants.Items[i].Name)
	}
	return names
}
