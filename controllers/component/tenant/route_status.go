package tenant

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
)

// refusedBy says why a gateway does not serve a route yet, empty when it does. All
// who speak for the gateway must agree: a controller that had it before may have
// left its word behind, and cannot be told from the one that has it now.
func refusedBy(route *gatewayv1.HTTPRoute, gateway configuration.Gateway) string {
	asked := 0
	for i := range route.Status.Parents {
		parent := &route.Status.Parents[i]
		if !isGateway(parent.ParentRef, gateway, route.Namespace) {
			continue
		}
		asked++
		for _, condition := range []gatewayv1.RouteConditionType{gatewayv1.RouteConditionAccepted, gatewayv1.RouteConditionResolvedRefs} {
			if problem := unmet(parent, string(condition), route.Generation); problem != "" {
				return fmt.Sprintf("the gateway's controller %s: %s", parent.ControllerName, problem)
			}
		}
	}
	if asked == 0 {
		return fmt.Sprintf("nobody has taken up the route; look whether the Gateway %s exists and allows routes from the cells' namespaces, and whether its controller runs", describe(gateway))
	}
	return ""
}

// isGateway reports whether a status speaks of the configured gateway.
func isGateway(ref gatewayv1.ParentReference, gateway configuration.Gateway, routeNamespace string) bool {
	return ptr.Deref(ref.Group, gatewayv1.GroupName) == gatewayv1.GroupName && ptr.Deref(ref.Kind, "Gateway") == "Gateway" &&
		string(ptr.Deref(ref.Namespace, gatewayv1.Namespace(routeNamespace))) == gateway.Namespace &&
		string(ref.Name) == gateway.Name && string(ptr.Deref(ref.SectionName, "")) == gateway.SectionName
}

// unmet says why a condition does not hold for the route as it is now.
func unmet(parent *gatewayv1.RouteParentStatus, condition string, generation int64) string {
	c := meta.FindStatusCondition(parent.Conditions, condition)
	switch {
	case c == nil || c.ObservedGeneration < generation:
		return "it has not looked at the route as it is now"
	case c.Status != metav1.ConditionTrue:
		return fmt.Sprintf("%s is %s (%s): %s", condition, c.Status, c.Reason, c.Message)
	}
	return ""
}

func describe(gateway configuration.Gateway) string {
	name := gateway.Namespace + "/" + gateway.Name
	if gateway.SectionName != "" {
		name += ", listener " + gateway.SectionName + ","
	}
	return name
}
