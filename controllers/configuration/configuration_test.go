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
		"vault.egress.cidrs[1]": func(m map[string]any) {
			set(m, []any{"192.0.2.0/24", "169.254.169.254/32"}, "vault", "egress", "cidrs")
		},
		"backups.egress":      func(m map[string]any) { m["backups"] = map[string]any{"egress": map[string]any{"port": 443}} },
		"backups.egress.port": func(m map[string]any) { m["backups"] = map[string]any{"egress": map[string]any{}} },
		"backups.egress.cidrs[0]: fd00:ec2::254/128 is in": func(m map[string]any) {
			m["backups"] = map[string]any{"egress": map[string]any{"port": 443, "cidrs": []any{"fd00:ec2::254/128"}}}
		},
		"clients[0].namespace":  func(m map[string]any) { m["clients"] = []any{map[string]any{}} },
		"dns.nodeLocal":         func(m map[string]any) { m["dns"] = map[string]any{"nodeLocal": "localhost"} },
		`unknown field "vualt"`: func(m map[string]any) { m["vualt"] = map[string]any{} },
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
