package tenant

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// gatewayProbe is how often a missing Gateway API is looked for in a cluster.
const gatewayProbe = 15 * time.Second

// Endpoint has the gateway lead the tenant's host name to its runtime. The part
// exists while a gateway is configured, and once more after that, to clean up.
type Endpoint struct{ *Parts }

// Condition implements component.Component.
func (Endpoint) Condition() string { return v1alpha1.ConditionEndpointReady }

// Needs implements component.Component. The route does not need a runtime that is
// ready: gateways take a moment, and the runtime itself says when it cannot serve.
func (Endpoint) Needs(*Scope) []string { return []string{v1alpha1.ConditionPlaced} }

// Reconcile implements component.Component.
func (c Endpoint) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	switch {
	case c.Gateway == nil:
		return c.withdraw(ctx, s)
	case s.Bound == nil:
		// Before the Binding the tenant may yet be placed elsewhere, and two routes
		// would claim one host name.
		return component.Wait(v1alpha1.ReasonBlocked, "waits for the tenant's Binding", 0)
	case c.Absences.Of(s.Cluster, s.Now):
		return missingGatewayAPI()
	}
	live, err := c.apply(ctx, s)
	switch {
	case apply.IsMissingKind(err):
		c.Absences.Note(s.Cluster, s.Now)
		return missingGatewayAPI()
	case errors.Is(err, apply.ErrForeign):
		return component.Stall(v1alpha1.ReasonForeignObject, err.Error()+"; remove it")
	case err != nil:
		return component.Fail(err)
	}
	return c.accepted(live)
}

func missingGatewayAPI() component.Outcome {
	return component.Wait(v1alpha1.ReasonGatewayAPIMissing,
		"the cluster does not know httproutes.gateway.networking.k8s.io; install the Gateway API there, or take gateway out of the operator's configuration", gatewayProbe)
}

// apply brings the route about. Its kind is watched from then on, in the
// namespaces that have routes.
func (c Endpoint) apply(ctx context.Context, s *Scope) (*unstructured.Unstructured, error) {
	reader, err := s.Cluster.Caches.Open(ctx, desired.RuntimeNamespace(s.Cell.Name), &gatewayv1.HTTPRoute{})
	if err != nil {
		return nil, err
	}
	route, err := desired.HTTPRoute(desired.RouteInput{
		Gateway: *c.Gateway, Cell: s.Cell.Name, TenantID: s.ID.String(), TenantName: s.Tenant.Name,
	})
	if err != nil {
		return nil, err
	}
	live, _, err := c.Applier(s.Cluster, s.Tenant).Apply(ctx, reader, route)
	return live, err
}

func (c Endpoint) accepted(live *unstructured.Unstructured) component.Outcome {
	var route gatewayv1.HTTPRoute
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, &route); err != nil {
		return component.Fail(err)
	}
	if problem := refusedBy(&route, *c.Gateway); problem != "" {
		return component.Wait(v1alpha1.ReasonRouteNotAccepted, problem, 0) // its status wakes us
	}
	return component.Outcome{}
}

// withdraw deletes the route that was made while a gateway was configured.
func (c Endpoint) withdraw(ctx context.Context, s *Scope) component.Outcome {
	if s.Cluster == nil { // it is being made, and nothing was ever in it
		return component.Outcome{Gone: true}
	}
	if err := c.remove(ctx, s, s.Cell.Name, route(s)); err != nil {
		return component.Fail(err)
	}
	return component.Outcome{Gone: true}
}

// route is the tenant's route by its name only.
func route(s *Scope) client.Object {
	r := &gatewayv1.HTTPRoute{}
	r.SetName(desired.Route(s.ID.String()))
	return r
}

// mayHaveRoute reports whether a gateway is configured, or was when the tenant was
// looked at last.
func (p *Parts) mayHaveRoute(t *v1alpha1.Tenant) bool {
	return p.Gateway != nil || meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionEndpointReady) != nil
}

// endpoint is the URL at which the tenant's API is reached: for good by its host
// name, or else at the Service of the cell that serves it now.
func (p *Parts) endpoint(s *Scope) string {
	if p.Gateway != nil {
		return "https://" + desired.Host(s.Tenant.Name, p.Gateway.Domain)
	}
	return desired.Endpoint(s.compute())
}
