package tenant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
)

// maxListed bounds how many cells a message names.
const maxListed = 8

// Placement decides who the tenant is, what it was sold and which cell serves it.
type Placement struct{ *Parts }

// Condition implements component.Component.
func (Placement) Condition() string { return v1alpha1.ConditionPlaced }

// Needs implements component.Component. A cluster that is being made needs the
// tenant's cell first, which has it made.
func (Placement) Needs(s *Scope) []string {
	if s.Profile.Cluster == tier.Own && !s.ClusterBeingMade {
		return []string{v1alpha1.ConditionClusterReady}
	}
	return nil
}

// Reconcile implements component.Component.
func (c Placement) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	for _, step := range []func(context.Context, *Scope) component.Outcome{c.identify, c.servedTier, c.plan, c.cellFits, c.admit, c.place, c.own} {
		if outcome := step(ctx, s); !outcome.Ready() {
			c.keep(s)
			return outcome
		}
	}
	status := &s.Tenant.Status
	status.ID, status.Tier, status.Plan = s.ID.String(), s.Profile.Name, cmp.Or(status.Plan, s.Plan.Name)
	status.Placement = &v1alpha1.Placement{Database: s.Store.Name, Compute: s.Cell.Name}
	status.Endpoint = c.endpoint(s)
	return component.Outcome{}
}

// keep leaves a tenant whose spec cannot be followed as it is: served where its
// Binding is, within the limits that it has. Its containment and its credentials
// follow the spec all the same.
func (c Placement) keep(s *Scope) {
	s.PlanAdmitted = false
	if s.served() {
		s.Tenant.Status.ID, s.Tenant.Status.Endpoint = s.ID.String(), c.endpoint(s)
	}
}

// servedTier refuses another tier than the served one.
func (c Placement) servedTier(_ context.Context, s *Scope) component.Outcome {
	if served := s.Tenant.Status.Tier; served != "" && served != s.Profile.Name {
		return moveRequired("the tenant is served as "+string(served), s)
	}
	return component.Outcome{}
}

func moveRequired(state string, s *Scope) component.Outcome {
	return component.Stall(v1alpha1.ReasonMoveRequired, fmt.Sprintf(
		"%s; this version cannot move it to %s, so set spec.tier back", state, s.Profile.Name))
}

// place finds the cell of the runtime: the tenant's own, or that of the Binding,
// or of the status when the Binding was lost, or the best cell with room.
func (c Placement) place(ctx context.Context, s *Scope) component.Outcome {
	switch placement := s.Tenant.Status.Placement; {
	case s.Profile.Runtime == tier.Own:
		return component.Outcome{} // the own step brings it about
	case s.Bound != nil && isOwn(s.Bound.Cell):
		return moveRequired("the tenant has pods of its own, in the Cell "+s.Bound.Cell, s)
	case s.Bound != nil:
		return c.stay(ctx, s, s.Bound.Cell)
	case placement != nil && committed(s.Tenant):
		return c.stay(ctx, s, placement.Compute)
	}
	return c.choose(ctx, s)
}

// committed reports whether the tenant may ever have had a Binding: its credential
// is issued right before.
func committed(t *v1alpha1.Tenant) bool { return t.Status.CredentialSecretRef != nil }

func (c Placement) stay(ctx context.Context, s *Scope, name string) component.Outcome {
	var cell v1alpha1.Cell
	if err := c.Client.Get(ctx, client.ObjectKey{Name: name}, &cell); client.IgnoreNotFound(err) != nil {
		return component.Fail(err)
	} else if err != nil {
		return component.Stall(v1alpha1.ReasonCellGone, fmt.Sprintf("the Cell %s, which holds the tenant, does not exist; apply it again", name))
	}
	s.Cell = &cell
	return component.Outcome{}
}

func (c Placement) choose(ctx context.Context, s *Scope) component.Outcome {
	selector, err := selectorOf(s.Tenant)
	if err != nil {
		return component.Stall(v1alpha1.ReasonInvalidSelector, "spec.cellSelector: "+err.Error())
	}
	if err := c.Bindings.Complete(ctx); err != nil {
		return component.Fail(err)
	}
	var cells v1alpha1.CellList
	if err := c.Client.List(ctx, &cells, client.UnsafeDisableDeepCopy); err != nil {
		return component.Fail(err)
	}
	var candidates []Candidate
	var refused []string
	others := 0
	for i := range cells.Items {
		cell := &cells.Items[i]
		if cell.Spec.TenantID != "" || cell.Spec.Runtime == nil {
			continue // another tenant's, or no place for anybody
		}
		if !selector.Matches(labels.Set(cell.Labels)) {
			others++
			continue
		}
		if reason := unsuitable(cell, s.Profile); reason != "" {
			refused = append(refused, cell.Name+" "+reason)
			continue
		}
		candidates = append(candidates, Candidate{
			Name:     cell.Name,
			Capacity: int(cell.Spec.Capacity),
			Ready:    meta.IsStatusConditionTrue(cell.Status.Conditions, v1alpha1.ConditionReady),
		})
		refused = append(refused, fmt.Sprintf("%s is full (%d)", cell.Name, cell.Spec.Capacity))
	}
	name, ok := c.Placements.Place(s.ID.String(), candidates)
	if !ok {
		return noCapacity(refused, others)
	}
	return c.stay(ctx, s, name)
}

func selectorOf(t *v1alpha1.Tenant) (labels.Selector, error) {
	if t.Spec.CellSelector == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(t.Spec.CellSelector)
}

// unsuitable says why a cell cannot take a tenant, whatever its load.
func unsuitable(cell *v1alpha1.Cell, profile tier.Profile) string {
	switch {
	case !cell.DeletionTimestamp.IsZero():
		return "is being deleted"
	case cell.Spec.IsRetired():
		return "is retired"
	case !ptr.Deref(cell.Spec.Accepting, true):
		return "is not accepting"
	case cell.Spec.Database == nil && profile.Database == tier.Shared:
		return "has no database"
	}
	return ""
}

// noCapacity says which cells were looked at, and how many never were.
func noCapacity(refused []string, others int) component.Outcome {
	if len(refused)+others == 0 {
		return component.Stall(v1alpha1.ReasonNoCapacity, "there is no Cell; apply one")
	}
	slices.Sort(refused)
	if more := len(refused) - maxListed; more > 0 {
		refused = append(refused[:maxListed], fmt.Sprintf("%d more", more))
	}
	if others > 0 {
		refused = append(refused, fmt.Sprintf("%d others do not match spec.cellSelector", others))
	}
	return component.Stall(v1alpha1.ReasonNoCapacity, "no cell has room: "+strings.Join(refused, ", ")+"; raise a cell's spec.capacity or apply another Cell")
}
