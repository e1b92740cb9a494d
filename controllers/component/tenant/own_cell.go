package tenant

import (
	"context"
	"errors"
	"maps"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
)

// own brings about the cell of what the tenant owns, and decides which cell
// holds its rows. Nothing is made or woken for a tenant that is elsewhere.
func (c Placement) own(ctx context.Context, s *Scope) component.Outcome {
	if outcome := bindingFits(s); !outcome.Ready() {
		return outcome
	}
	if s.Profile.OwnsNothing() {
		s.Store = s.Cell
		return component.Outcome{}
	}
	if outcome := c.claimCluster(ctx, s); !outcome.Ready() {
		return outcome
	}
	own, err := c.ensureOwn(ctx, s)
	if err != nil {
		return component.Fail(err)
	}
	if s.Profile.Runtime == tier.Own {
		s.Cell = own
	}
	s.Store = s.Cell
	if s.Profile.Database == tier.Own {
		s.Store = own
	}
	return component.Outcome{}
}

// cellFits finds the cell that the tenant has to itself, and refuses one that is not
// what its tier says: a tenant that was recognised or adopted was of another tier.
func (c Placement) cellFits(ctx context.Context, s *Scope) component.Outcome {
	own, err := ownCellOf(ctx, c.Client, s.ID.String())
	switch {
	case err != nil:
		return component.Fail(err)
	case own == nil:
		return component.Outcome{}
	}
	for _, part := range []struct {
		owned tier.Ownership
		has   bool
	}{
		{s.Profile.Cluster, own.Spec.Cluster != nil},
		{s.Profile.Database, own.Spec.Database != nil},
		{s.Profile.Runtime, own.Spec.Runtime != nil},
	} {
		if part.has != (part.owned == tier.Own) {
			return moveRequired("the tenant has the Cell "+own.Name+" to itself, which is of another tier", s)
		}
	}
	s.Own = own
	return component.Outcome{}
}

// bindingFits refuses a Binding that has the tenant elsewhere than its tier says:
// a tenant that was recognised or adopted was of another tier.
func bindingFits(s *Scope) component.Outcome {
	if s.Bound == nil {
		return component.Outcome{}
	}
	compute := desired.OwnCellName(s.ID.String())
	if s.Profile.Runtime == tier.Shared {
		compute = s.Cell.Name
	}
	// Its rows are in the cell of its runtime, unless only the database is its own.
	together := s.Profile.Database == s.Profile.Runtime
	switch {
	case s.Bound.Cell != compute:
		return moveRequired("the tenant's runtime is in the Cell "+s.Bound.Cell, s)
	case s.Bound.Binding.Version != 0 && s.Bound.Binding.Database.Cell != together:
		return moveRequired("the tenant's rows are in another database than the tier says", s)
	}
	return component.Outcome{}
}

// claimCluster refuses a cluster that another tenant's cell has, before anything is
// made. One that Cluster API still makes is claimed by the cell, once it is there.
func (c Placement) claimCluster(ctx context.Context, s *Scope) component.Outcome {
	if s.Profile.Cluster == tier.Shared || s.Cluster == nil {
		return component.Outcome{}
	}
	err := c.Clusters.Claim(ctx, s.Cluster, desired.OwnCellName(s.ID.String()))
	if problem := (*clusters.NotReady)(nil); errors.As(err, &problem) {
		return component.Stall(problem.Reason, problem.Message)
	} else if err != nil {
		return component.Fail(err)
	}
	return component.Outcome{}
}

// ensureOwn brings about the cell. Its sizes change with the plan, and its name for
// people with an adoption; where it is never does.
func (c Placement) ensureOwn(ctx context.Context, s *Scope) (*v1alpha1.Cell, error) {
	wanted := desired.OwnCell(ownCellInput(s))
	if s.Own == nil {
		return wanted, c.Client.Create(ctx, wanted, apply.FieldOwner)
	}
	changed := s.Own.DeepCopy()
	changed.Spec.ServedBy, changed.Spec.Retired = wanted.Spec.ServedBy, wanted.Spec.Retired
	if s.PlanAdmitted {
		resize(changed, wanted)
	}
	if changed.Labels == nil {
		changed.Labels = map[string]string{}
	}
	maps.Copy(changed.Labels, wanted.Labels)
	if equality.Semantic.DeepEqual(s.Own.Spec, changed.Spec) && maps.Equal(s.Own.Labels, changed.Labels) {
		return s.Own, nil
	}
	return changed, c.Client.Patch(ctx, changed, client.MergeFromWithOptions(s.Own, client.MergeFromWithOptimisticLock{}), apply.FieldOwner)
}

// resize gives a cell the sizes of the plan. Volumes only grow: a smaller one
// stays as it is.
func resize(changed, wanted *v1alpha1.Cell) {
	before := changed.Spec.Database
	changed.Spec.Database, changed.Spec.Runtime, changed.Spec.Endpoints = wanted.Spec.Database, wanted.Spec.Runtime, wanted.Spec.Endpoints
	if before != nil && changed.Spec.Database != nil && changed.Spec.Database.Storage.Cmp(*before.Storage) < 0 {
		changed.Spec.Database = changed.Spec.Database.DeepCopy()
		changed.Spec.Database.Storage = before.Storage
	}
}

func ownCellInput(s *Scope) desired.OwnCellInput {
	in := desired.OwnCellInput{
		Tenant: s.Tenant.Name, ID: s.ID.String(), Profile: s.Profile, Plan: s.Plan, Cluster: s.Tenant.Spec.Cluster,
	}
	if s.Cell != nil {
		in.ServingCell = s.Cell.Name
	}
	return in
}

// retireOwn stops what a deleted tenant's own cell runs and keeps its volumes.
func (p *Parts) retireOwn(ctx context.Context, s *Scope) error {
	own, err := ownCellOf(ctx, p.Client, s.ID.String())
	if own == nil || own.Spec.IsRetired() {
		return err
	}
	before := own.DeepCopy()
	own.Spec.Retired = ptr.To(true)
	return p.Client.Patch(ctx, own, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), apply.FieldOwner)
}
