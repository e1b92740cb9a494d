package replica_test

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Tokens of the tenant's identity provider let its users in on every replica, until the
// Binding takes back the key that signed them.
func TestTokensOfAnIdentityProvider(t *testing.T) {
	c := newCell(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{KeyID: "k", Key: private}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	with := func(scope string, of *tenant) *tenant {
		text, err := jwt.Signed(signer).Claims(map[string]any{
			"iss": "https://login.example", "aud": binding.TokenAudience(of.Tenant.ID), "sub": "alice", "scope": scope,
			"exp": time.Now().Add(time.Hour).Unix(),
		}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return &tenant{Binding: of.Binding, key: text, cell: c}
	}
	acme.edit(t, func(b *binding.Binding) {
		b.IdentityProvider = &binding.IdentityProvider{
			Issuer: "https://login.example", Keys: []jose.JSONWebKey{{KeyID: "k", Key: public}}, UserClaim: "sub", GroupsClaim: "groups",
		}
	})
	reader, writer := with("openid", acme), with("bulkhead:write", acme)
	for _, n := range []*node{c.start(t, "runtime-0"), c.start(t, "runtime-1")} {
		n.becomes(t, reader, "GET", "/v1/documents", "", 200, "")
		expect(t, n.ask(t, reader, "PUT", "/v1/documents/a", "The kestrel hovers."), 403, "insufficient_scope")
		expect(t, n.ask(t, writer, "PUT", "/v1/documents/"+n.url[len(n.url)-4:], "The kestrel hovers."), 201, "")
		expect(t, n.ask(t, with("bulkhead:admin", globex), "GET", "/v1/documents", ""), 401, "invalid_api_key")
	}
	n := c.start(t, "runtime-2")
	acme.edit(t, func(b *binding.Binding) { b.IdentityProvider = nil })
	n.becomes(t, writer, "GET", "/v1/documents", "", 401, "invalid_api_key")
}
