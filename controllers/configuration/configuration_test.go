package configuration

import (
	"reflect"
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
		"vault.egress.cidrs[1]": func(m map[string]any) {
			set(m, []any{"192.0.2.0/24", "169.254.169.254/32"}, "vault", "egress", "cidrs")
		},
		"backups.egress":      func(m map[string]any) { m["backups"] = map[string]any{"egress": map[string]any{"port": 443}} },
		"backups.egress.port": func(m map[string]any) { m["backups"] = map[string]any{"egress": map[string]any{}} },
		"backups.egress.cidrs[0]: fd00:ec2::254/128 is in": func(m map[string]any) {
			m["backups"] = map[string]any{"egress": map[string]any{"port": 443, "cidrs": []any{"fd00:ec2::254/128"}}}
		},
		"vault.remote.address":  func(m map[string]any) { set(m, map[string]any{"address": "vault:8200"}, "vault", "remote") },
		"vault.remote.caBundle": func(m map[string]any) { set(m, map[string]any{"caBundle": "not PEM"}, "vault", "remote") },
		"vault.remote.egress.port": func(m map[string]any) {
			set(m, map[string]any{"egress": map[string]any{"port": 70000}}, "vault", "remote")
		},
		"vault.remote.egress.cidrs[0]": func(m map[string]any) {
			set(m, map[string]any{"egress": map[string]any{"cidrs": []any{"10.0.0.1"}}}, "vault", "remote")
		},
		"vault.remote.egress.peers[0].namespace": func(m map[string]any) {
			set(m, map[string]any{"egress": map[string]any{"peers": []any{map[string]any{}}}}, "vault", "remote")
		},
		`unknown field "role"`:  func(m map[string]any) { set(m, map[string]any{"role": "r"}, "vault", "remote") },
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

// TestRemoteVault: other clusters reach Vault as ours does, but for what is said.
func TestRemoteVault(t *testing.T) {
	here := Egress{Peers: []Peer{{Namespace: "vault"}}, Port: 8200}
	for name, c := range map[string]struct {
		remote map[string]any
		want   VaultEndpoint
	}{
		"left out": {nil, VaultEndpoint{Address: "https://vault:8200", Egress: here}},
		"another address": {
			map[string]any{"address": "https://vault.example:443"},
			VaultEndpoint{Address: "https://vault.example:443", Egress: here},
		},
		"ranges in place of the pods, at the same port": {
			map[string]any{"egress": map[string]any{"cidrs": []any{"192.0.2.0/24"}}},
			VaultEndpoint{Address: "https://vault:8200", Egress: Egress{CIDRs: []string{"192.0.2.0/24"}, Port: 8200}},
		},
		"another port": {
			map[string]any{"egress": map[string]any{"port": 443}},
			VaultEndpoint{Address: "https://vault:8200", Egress: Egress{Peers: here.Peers, Port: 443}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := valid()
			if c.remote != nil {
				set(m, c.remote, "vault", "remote")
			}
			text, err := yaml.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Vault.Remote, c.want) {
				t.Errorf("got %+v, want %+v", got.Vault.Remote, c.want)
			}
			if local := got.Vault.Local(); local.Address != "https://vault:8200" || !reflect.DeepEqual(local.Egress, here) {
				t.Errorf("our own changed: %+v", local)
			}
		})
	}
}

// TestMistakesAreToldOnce: what the remote section takes over is judged where it was written.
func TestMistakesAreToldOnce(t *testing.T) {
	m := valid()
	set(m, "http://vault:8200", "vault", "address")
	text, err := yaml.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(text); err == nil || strings.Contains(err.Error(), "vault.remote") {
		t.Errorf("the error is %v, want one of vault.address only", err)
	}
}

func set(m map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		m, _ = m[key].(map[string]any)
	}
	m[path[len(path)-1]] = value
}
