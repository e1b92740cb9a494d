package configuration

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Gateway is the Gateway API Gateway by which tenants are reached from outside,
// each under a host name of its own. It has the same name in every cluster.
type Gateway struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// SectionName is the listener that serves tenants; every listener when empty.
	SectionName string `json:"sectionName,omitempty"`
	// Domain is what the tenants' host names end in: <tenant>.<domain>. Its DNS
	// records and its certificate are the Gateway's business.
	Domain string `json:"domain"`
}

const (
	// maxTenantName is the length of the longest name of a Tenant.
	maxTenantName = 40
	// maxDomain leaves room for a tenant's name and a dot in a host name.
	maxDomain = validation.DNS1123SubdomainMaxLength - maxTenantName - 1
)

func (g *Gateway) validate() error {
	if g == nil {
		return nil
	}
	errs := []error{
		validateName("gateway.namespace", g.Namespace, validation.IsDNS1123Label),
		validateName("gateway.name", g.Name, validation.IsDNS1123Subdomain),
		validateDomain("gateway.domain", g.Domain),
	}
	if g.SectionName != "" {
		errs = append(errs, validateName("gateway.sectionName", g.SectionName, validation.IsDNS1123Subdomain))
	}
	return errors.Join(errs...)
}

func validateName(field, name string, check func(string) []string) error {
	if problems := check(name); len(problems) > 0 {
		return fmt.Errorf("%s: %q: %s", field, name, strings.Join(problems, "; "))
	}
	return nil
}

// validateDomain demands a DNS name: no wildcard, no address, no closing dot.
func validateDomain(field, domain string) error {
	if _, err := netip.ParseAddr(domain); err == nil {
		return fmt.Errorf("%s: %q is an address; give a DNS name, such as tenants.example.com", field, domain)
	}
	if len(domain) > maxDomain {
		return fmt.Errorf("%s: has %d characters, of which a tenant's host name leaves room for %d", field, len(domain), maxDomain)
	}
	for label := range strings.SplitSeq(domain, ".") {
		if problems := validation.IsDNS1123Label(label); len(problems) > 0 {
			return fmt.Errorf("%s: %q must be a DNS name, such as tenants.example.com: %q: %s", field, domain, label, strings.Join(problems, "; "))
		}
	}
	return nil
}
