package configuration

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const testDigest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func valid() map[string]any {
	return map[string]any{
		"apiVersion": APIVersion, "kind": Kind,
		"images": map[string]any{"runtime": "r" + testDigest, "postgresql": "p:17" + testDigest},
		"vault": map[string]any{"address": "https://vault:8200", "egress": map[string]any{
			"port": 8200, "peers": []any{map[string]any{"namespace": "vault"}},
		}},
		"gateway": map[string]any{"namespace": "gateways", "name": "public", "sectionName": "https", "domain": "tenants.example.com"},
	}
}

func TestParse(t *testing.T) {
	text, err := yaml.Marshal(valid())
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Vault.TransitMount != "transit" || c.Vault.Role != "bulkhead-operator" || c.Vault.Audience != "vault" || c.DNS.Server.PodLabels["k8s-app"] != "kube-dns" {
		t.Errorf("defaults: %+v", c)
	}
}

func TestParseWithoutGateway(t *testing.T) {
	m := valid()
	delete(m, "gateway")
	text, err := yaml.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Parse(text); err != nil || c.Gateway != nil {
		t.Errorf("gateway %+v, error %v", c.Gateway, err)
	}
}

// TestParseRefuses: every mistake is an error that names the field.
func TestParseRefuses(t *testing.T) {
	for field, spoil := range map[string]func(map[string]any){
		"apiVersion":            func(m map[string]any) { m["apiVersion"] = "v1" },
		"images.runtime":        func(m map[string]any) { set(m, "latest", "images", "runtime") },
		"images.postgresql":     func(m map[string]any) { set(m, "", "images", "postgresql") },
		"vault.address":         func(m map[string]any) { set(m, "http://vault:8200", "vault", "address") },
		"vault.caBundle":        func(m map[string]any) { set(m, "not PEM", "vault", "caBundle") },
		"vault.egress.port":     func(m map[string]any) { set(m, 0, "vault", "egress", "port") },
		"vault.egress":          func(m map[string]any) { set(m, []any{}, "vault", "egress", "peers") },
		"vault.egress.cidrs[0]": func(m map[string]any) { set(m, []any{"10.0.0.1"}, "vault", "egress", "cidrs") },
		"clients[0].namespace":  func(m map[string]any) { m["clients"] = []any{map[string]any{}} },
		"dns.nodeLocal":         func(m map[string]any) { m["dns"] = map[string]any{"nodeLocal": "localhost"} },
		`unknown field "vualt"`: func(m map[string]any) { m["vualt"] = map[string]any{} },
		"gateway.namespace":     func(m map[string]any) { set(m, "", "gateway", "namespace") },
		"gateway.name":          func(m map[string]any) { set(m, "Public", "gateway", "name") },
		"gateway.sectionName":   func(m map[string]any) { set(m, "https:443", "gateway", "sectionName") },
		"gateway.domain":        func(m map[string]any) { set(m, "", "gateway", "domain") },
		"gateway.domain: \"*.":  func(m map[string]any) { set(m, "*.example.com", "gateway", "domain") },
		"is an address":         func(m map[string]any) { set(m, "10.0.0.1", "gateway", "domain") },
		`"example.com."`:        func(m map[string]any) { set(m, "example.com.", "gateway", "domain") },
		`"Example.com"`:         func(m map[string]any) { set(m, "Example.com", "gateway", "domain") },
		"leaves room for 212":   func(m map[string]any) { set(m, strings.Repeat("a.", 107)+"com", "gateway", "domain") },
		"no more than 63":       func(m map[string]any) { set(m, strings.Repeat("a", 64), "gateway", "domain") },
		`unknown field "host"`:  func(m map[string]any) { set(m, "x", "gateway", "host") },
	} {
		t.Run(field, func(t *testing.T) {
			m := valid()
			spoil(m)
			text, err := yaml.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("the error is %v, want one that names %s", err, field)
			}
		})
	}
}

func set(m map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		m, _ = m[key].(map[string]any)
	}
	m[path[len(path)-1]] = value
}
