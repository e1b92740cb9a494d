package tenant

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
)

// said is what a controller says of the route of generation 2 at the public gateway.
func said(change func(*gatewayv1.RouteParentStatus)) gatewayv1.RouteParentStatus {
	status := gatewayv1.RouteParentStatus{
		ParentRef:      gatewayv1.ParentReference{Namespace: ptr.To[gatewayv1.Namespace]("gateways"), Name: "public", SectionName: ptr.To[gatewayv1.SectionName]("https")},
		ControllerName: "example.com/one",
		Conditions: []metav1.Condition{
			{Type: "Accepted", Status: metav1.ConditionTrue, ObservedGeneration: 2},
			{Type: "ResolvedRefs", Status: metav1.ConditionTrue, ObservedGeneration: 2},
		},
	}
	if change != nil {
		change(&status)
	}
	return status
}

func TestRefusedBy(t *testing.T) {
	gateway := configuration.Gateway{Namespace: "gateways", Name: "public", SectionName: "https"}
	type statuses = []gatewayv1.RouteParentStatus
	for name, c := range map[string]struct {
		parents statuses
		says    string // empty: the route is served
	}{
		"nobody":                      {nil, "nobody has taken up the route; look whether the Gateway gateways/public, listener https,"},
		"accepted":                    {statuses{said(nil)}, ""},
		"another gateway":             {statuses{said(func(s *gatewayv1.RouteParentStatus) { s.ParentRef.Name = "private" })}, "nobody"},
		"another listener":            {statuses{said(func(s *gatewayv1.RouteParentStatus) { s.ParentRef.SectionName = nil })}, "nobody"},
		"its own namespace's gateway": {statuses{said(func(s *gatewayv1.RouteParentStatus) { s.ParentRef.Namespace = nil })}, "nobody"},
		"a service mesh": {statuses{said(func(s *gatewayv1.RouteParentStatus) {
			s.ParentRef.Group, s.ParentRef.Kind = ptr.To[gatewayv1.Group](""), ptr.To[gatewayv1.Kind]("Service")
		})}, "nobody"},
		"refused": {statuses{said(func(s *gatewayv1.RouteParentStatus) {
			s.Conditions[0] = metav1.Condition{Type: "Accepted", Status: metav1.ConditionFalse, Reason: "NotAllowedByListeners", Message: "not from here", ObservedGeneration: 2}
		})}, "example.com/one: Accepted is False (NotAllowedByListeners): not from here"},
		"a backend that is not there":      {statuses{said(func(s *gatewayv1.RouteParentStatus) { s.Conditions[1].Status = metav1.ConditionFalse })}, "ResolvedRefs is False"},
		"what it said of the route before": {statuses{said(func(s *gatewayv1.RouteParentStatus) { s.Conditions[0].ObservedGeneration = 1 })}, "has not looked at the route as it is now"},
		"half a word":                      {statuses{said(func(s *gatewayv1.RouteParentStatus) { s.Conditions = s.Conditions[:1] })}, "has not looked"},
		"two who disagree": {statuses{said(nil), said(func(s *gatewayv1.RouteParentStatus) {
			s.ControllerName, s.Conditions[0].Status = "example.com/two", metav1.ConditionFalse
		})}, "example.com/two"},
	} {
		t.Run(name, func(t *testing.T) {
			route := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "bulkhead-eu-1", Generation: 2}}
			route.Status.Parents = c.parents
			got := refusedBy(route, gateway)
			if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
				t.Errorf("%q, want %q", got, c.says)
			}
		})
	}
}
