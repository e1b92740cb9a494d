package desired

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
)

func routeInput(change func(*RouteInput)) RouteInput {
	in := RouteInput{
		Gateway: configuration.Gateway{Namespace: "gateways", Name: "public", Domain: "tenants.example.com"},
		Cell:    "eu-1", TenantID: "5f1c2d3e-0000-4000-8000-000000000002", TenantName: "acme",
	}
	if change != nil {
		change(&in)
	}
	return in
}

func TestHTTPRoute(t *testing.T) {
	for name, in := range map[string]RouteInput{
		"httproute":          routeInput(nil),
		"httproute-listener": routeInput(func(in *RouteInput) { in.Gateway.SectionName = "https" }),
	} {
		t.Run(name, func(t *testing.T) {
			route, err := HTTPRoute(in)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, route)
		})
	}
}

// TestHost: the longest names that the API and the configuration accept make a
// host name that DNS accepts.
func TestHost(t *testing.T) {
	longest := strings.Repeat("a", 40)
	domain := strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 63) + "." + strings.Repeat("e", 20)
	host := Host(longest, domain)
	if problems := validation.IsDNS1123Subdomain(host); len(problems) > 0 || len(host) != 253 {
		t.Errorf("%d characters: %v", len(host), problems)
	}
}
