package envtest

import (
	"context"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
)

// publicGateway is what the operator is configured with.
func publicGateway() *configuration.Gateway {
	return &configuration.Gateway{Namespace: "gateways", Name: "public", SectionName: "https", Domain: "tenants.example.com"}
}

// gateway plays a controller of the Gateway API: it judges the routes that name
// the public gateway.
type gateway struct {
	// refuses is the reason for which it accepts no route; empty when it does.
	refuses gatewayv1.RouteConditionReason
}

func (g *gateway) judge(ctx context.Context, namespace string) {
	var routes gatewayv1.HTTPRouteList
	Expect(admin.List(ctx, &routes, client.InNamespace(namespace))).To(Succeed())
	for i := range routes.Items {
		route := &routes.Items[i]
		before := route.DeepCopy()
		g.write(route)
		if route.DeletionTimestamp == nil && !equality.Semantic.DeepEqual(before.Status, route.Status) {
			Expect(client.IgnoreNotFound(admin.Status().Patch(ctx, route, client.MergeFrom(before)))).To(Succeed())
		}
	}
}

func (g *gateway) write(route *gatewayv1.HTTPRoute) {
	accepted := metav1.Condition{Type: string(gatewayv1.RouteConditionAccepted), Status: metav1.ConditionTrue, Reason: string(gatewayv1.RouteReasonAccepted), ObservedGeneration: route.Generation}
	if g.refuses != "" {
		accepted.Status, accepted.Reason, accepted.Message = metav1.ConditionFalse, string(g.refuses), "no listener of that host name"
	}
	resolved := metav1.Condition{Type: string(gatewayv1.RouteConditionResolvedRefs), Status: metav1.ConditionTrue, Reason: string(gatewayv1.RouteReasonResolvedRefs), ObservedGeneration: route.Generation}
	if len(route.Status.Parents) == 0 {
		route.Status.Parents = []gatewayv1.RouteParentStatus{{ParentRef: route.Spec.ParentRefs[0], ControllerName: "gateway.example/controller"}}
	}
	for _, condition := range []metav1.Condition{accepted, resolved} {
		meta.SetStatusCondition(&route.Status.Parents[0].Conditions, condition)
	}
}
