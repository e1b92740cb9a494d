package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
	"github.com/bulkhead-dev/bulkhead/runtime/binding/metadata"
)

// defaultEndpointPort is HTTPS, as the API's documentation promises.
const defaultEndpointPort = 443

// endpointWalls open each of the cell's endpoints to its runtime pods.
func endpointWalls(in CellInput) []any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	var walls []any
	for _, e := range in.Cell.Spec.Endpoints {
		walls = append(walls, endpointsWall(in.Cell.Name, endpointWall(e.Name), e))
	}
	return walls
}

// planWalls open to pods that tenants share the model endpoints of every Plan
// whose tenants such pods may serve.
func planWalls(in CellInput) []any {
	var walls []any
	for _, plan := range sharedPlans(in) {
		walls = append(walls, endpointsWall(in.Cell.Name, planWall(plan.Name), plan.Spec.ModelEndpoints...))
	}
	return walls
}

// sharedPlans are those whose endpoints the cell's pods reach, by name.
func sharedPlans(in CellInput) []v1alpha1.Plan {
	if in.Cell.Spec.Runtime == nil || in.Cell.Spec.TenantID != "" {
		return nil
	}
	plans := slices.DeleteFunc(slices.Clone(in.Plans), func(p v1alpha1.Plan) bool {
		return !slices.ContainsFunc(p.Spec.Tiers, servedBySharedPods)
	})
	slices.SortFunc(plans, func(a, b v1alpha1.Plan) int { return strings.Compare(a.Name, b.Name) })
	return plans
}

func servedBySharedPods(name v1alpha1.Tier) bool {
	profile, known := tier.Of(name)
	return known && profile.Runtime == tier.Shared
}

// endpointsWall is nil when nothing of the endpoints can be opened.
func endpointsWall(cell, name string, endpoints ...v1alpha1.Endpoint) any {
	var out []*egress
	for _, e := range endpoints {
		out = append(out, to(cmp.Or(e.Port, defaultEndpointPort), blocks(e.CIDRs)...))
	}
	if len(present(out)) == 0 {
		return nil
	}
	return runtimePodsWall(cell, name, RuntimePod(cell), nil, out)
}

// refused are the address ranges that stay closed although somebody wants them open.
func refused(in CellInput) []error {
	errs := RefusedEndpoints("spec.endpoints", in.Cell.Spec.Endpoints)
	for _, plan := range sharedPlans(in) {
		errs = append(errs, RefusedEndpoints("Plan "+plan.Name+": spec.modelEndpoints", plan.Spec.ModelEndpoints)...)
	}
	return errs
}

// RefusedEndpoints returns an error for each address range that no wall opens,
// naming it as a field: clouds serve credentials there, or it is no range.
func RefusedEndpoints(field string, endpoints []v1alpha1.Endpoint) []error {
	var errs []error
	for _, e := range endpoints {
		for i, cidr := range e.CIDRs {
			if _, err := metadata.Allow(cidr); err != nil {
				errs = append(errs, fmt.Errorf("%s[%s].cidrs[%d]: %w", field, e.Name, i, err))
			}
		}
	}
	return errs
}
