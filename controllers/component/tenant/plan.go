package tenant

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/rollout"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
)

// plan finds what the tenant was sold.
func (c Placement) plan(ctx context.Context, s *Scope) component.Outcome {
	name, origin := planOf(s)
	var plan v1alpha1.Plan
	if err := c.Client.Get(ctx, client.ObjectKey{Name: name}, &plan); client.IgnoreNotFound(err) != nil {
		return component.Fail(err)
	} else if err != nil {
		return component.Stall(v1alpha1.ReasonPlanNotFound, fmt.Sprintf(
			"there is no Plan %q (%s); apply it, or name another in spec.planRef.name", name, origin))
	}
	s.Plan = &plan
	return component.Outcome{}
}

// planOf names the tenant's plan, and says who chose it.
func planOf(s *Scope) (name, origin string) {
	if s.Tenant.Spec.PlanRef != nil {
		return s.Tenant.Spec.PlanRef.Name, "spec.planRef.name"
	}
	return s.Profile.DefaultPlan, "the default plan of the tier " + string(s.Profile.Name)
}

// admit decides whether the tenant takes up the Plan as it is now: at once when
// it is new or got another plan, else when its wave has come. Until then a change
// of the Plan does nothing to it, not even one that does not suit its tier.
func (c Placement) admit(_ context.Context, s *Scope) component.Outcome {
	status, admission := s.Tenant.Status, rollout.AdmissionOf(s.Plan)
	s.PlanAdmitted = s.Bound == nil || s.Bound.Binding.Version == 0 || s.Bound.Retained() || status.Plan != s.Plan.Name ||
		status.PlanRevision == admission.Revision || admission.Admits(s.ID.String())
	if !s.PlanAdmitted {
		return component.Outcome{}
	}
	return suits(s)
}

// suits refuses a plan that is not for the tier, or lacks a size that it needs.
func suits(s *Scope) component.Outcome {
	if !slices.Contains(s.Plan.Spec.Tiers, s.Profile.Name) {
		_, origin := planOf(s)
		return component.Stall(v1alpha1.ReasonPlanNotForTier, fmt.Sprintf(
			"the Plan %s (%s) is for the tiers %v and not for %s; name another in spec.planRef.name", s.Plan.Name, origin, s.Plan.Spec.Tiers, s.Profile.Name))
	}
	var missing string
	switch {
	case s.Profile.Database == tier.Own && s.Plan.Spec.Database == nil:
		missing = "database"
	case s.Profile.Runtime == tier.Own && s.Plan.Spec.Runtime == nil:
		missing = "runtime"
	default:
		return component.Outcome{}
	}
	return component.Stall(v1alpha1.ReasonPlanIncomplete, fmt.Sprintf(
		"the Plan %s has no spec.%s, which the tier %s needs; add it", s.Plan.Name, missing, s.Profile.Name))
}

// recordPlan records the Plan as it is now, once the serving pods have taken it
// up and what the tenant owns has its sizes. Before that nothing is recorded, so
// that its wave goes on waiting for it while the tenant may well be served.
func (s *Scope) recordPlan() {
	if s.PlanAdmitted && settled(s.Cell) && settled(s.Store) {
		s.Tenant.Status.Plan, s.Tenant.Status.PlanRevision = s.Plan.Name, rollout.Revision(s.Plan.Spec)
	}
}

// settled reports whether a tenant's own cell is all that its spec says. The
// sizes of one that others share do not follow the tenant's plan.
func settled(c *v1alpha1.Cell) bool {
	if c.Spec.TenantID == "" {
		return true
	}
	for _, condition := range c.Status.Conditions {
		if condition.Status != metav1.ConditionTrue || condition.ObservedGeneration != c.Generation || condition.Reason == v1alpha1.ReasonDatabaseChanging {
			return false
		}
	}
	return len(c.Status.Conditions) > 0
}
