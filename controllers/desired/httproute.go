package desired

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1ac "sigs.k8s.io/gateway-api/applyconfiguration/apis/v1"

	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// RouteInput is every fact that a tenant's route is built from.
type RouteInput struct {
	Gateway configuration.Gateway
	// Cell is the one whose runtime serves the tenant.
	Cell string
	// TenantID and TenantName are the tenant's id and the name of its object.
	TenantID, TenantName string
}

// HTTPRoute leads requests for the tenant's host name from the gateway to the
// runtime that serves the tenant. Every value that the API server would default is
// given: whatever somebody adds to the spec is then seen and taken back.
func HTTPRoute(in RouteInput) (*unstructured.Unstructured, error) {
	l := labels(in.Cell, PartRuntime)
	l[LabelTenant], l[binding.LabelTenantID] = in.TenantName, in.TenantID
	return single(gatewayv1ac.HTTPRoute(Route(in.TenantID), RuntimeNamespace(in.Cell)).WithLabels(l).
		WithSpec(gatewayv1ac.HTTPRouteSpec().
			WithParentRefs(parentRef(in.Gateway)).
			WithHostnames(gatewayv1.Hostname(Host(in.TenantName, in.Gateway.Domain))).
			WithRules(gatewayv1ac.HTTPRouteRule().
				WithMatches(gatewayv1ac.HTTPRouteMatch().
					WithPath(gatewayv1ac.HTTPPathMatch().WithType(gatewayv1.PathMatchPathPrefix).WithValue("/"))).
				WithBackendRefs(gatewayv1ac.HTTPBackendRef().
					WithGroup("").WithKind("Service").WithName(nameRuntime).WithPort(portService).WithWeight(1)))))
}

func parentRef(g configuration.Gateway) *gatewayv1ac.ParentReferenceApplyConfiguration {
	ref := gatewayv1ac.ParentReference().WithGroup(gatewayv1.GroupName).WithKind("Gateway").
		WithNamespace(gatewayv1.Namespace(g.Namespace)).WithName(gatewayv1.ObjectName(g.Name))
	if g.SectionName != "" {
		ref.WithSectionName(gatewayv1.SectionName(g.SectionName))
	}
	return ref
}
