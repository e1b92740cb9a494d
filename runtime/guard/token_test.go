package guard

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

const issuer = "https://login.example"

// signer is a key of an identity provider.
type signer struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
}

func newSigner(t *testing.T, id string, algorithm jose.SignatureAlgorithm) signer {
	t.Helper()
	var private crypto.Signer
	var err error
	switch algorithm {
	case jose.RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer{id, algorithm, private}
}

func (s signer) public() jose.JSONWebKey {
	return jose.JSONWebKey{KeyID: s.id, Algorithm: string(s.algorithm), Key: s.private.Public()}
}

func (s signer) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	return signWith(t, jose.SigningKey{Algorithm: s.algorithm, Key: jose.JSONWebKey{KeyID: s.id, Key: s.private}}, claims)
}

func signWith(t *testing.T, key jose.SigningKey, claims map[string]any) string {
	t.Helper()
	made, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(made).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// served are the tenants in effect.
type served map[uuid.UUID]*tenants.Tenant

func (s served) Lookup(id uuid.UUID) (*tenants.Tenant, bool) {
	t, known := s[id]
	return t, known
}

func (s served) add(name string, keys ...jose.JSONWebKey) *tenants.Tenant {
	t := &tenants.Tenant{Binding: binding.Binding{
		Tenant: binding.Tenant{ID: uuid.New(), Name: name}, State: binding.Active,
		IdentityProvider: &binding.IdentityProvider{Issuer: issuer, Keys: keys, UserClaim: "sub", GroupsClaim: "groups"},
	}}
	s[t.Tenant.ID] = t
	return t
}

// good are claims that let alice in; changes are made to a copy.
func good(t *tenants.Tenant, changes ...func(map[string]any)) map[string]any {
	claims := map[string]any{
		"iss": issuer, "aud": binding.TokenAudience(t.Tenant.ID), "sub": "alice", "exp": time.Now().Add(time.Hour).Unix(),
	}
	for _, change := range changes {
		change(claims)
	}
	return claims
}

func set(claim string, value any) func(map[string]any) {
	return func(claims map[string]any) {
		if claims[claim] = value; value == nil {
			delete(claims, claim)
		}
	}
}

func TestTokenLetsIn(t *testing.T) {
	all := served{}
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA} {
		key := newSigner(t, "k", algorithm)
		acme := all.add("acme", newSigner(t, "before", jose.ES256).public(), key.public())
		a := &Authenticator{tenants: all}
		for name, c := range map[string]struct {
			change func(map[string]any)
			want   principal.Caller
		}{
			"least":            {set("scope", "openid profile"), principal.Caller{User: "alice", Scope: principal.Read}},
			"scopes":           {set("scope", "openid bulkhead:write bulkhead:read"), principal.Caller{User: "alice", Scope: principal.Write}},
			"groups":           {set("groups", []string{"sales", "no group", "ops"}), principal.Caller{User: "alice", Groups: []string{"sales", "ops"}, Scope: principal.Read}},
			"other audiences":  {set("aud", []string{"account", binding.TokenAudience(acme.Tenant.ID)}), principal.Caller{User: "alice", Scope: principal.Read}},
			"a clock too late": {set("exp", time.Now().Add(-clockSkew/2).Unix()), principal.Caller{User: "alice", Scope: principal.Read}},
		} {
			got, err := a.Authenticate(t.Context(), "Bearer "+key.sign(t, good(acme, c.change)))
			if err != nil || got.Tenant != acme || got.KeyID != "token:k" {
				t.Errorf("%s, %s: %+v, %v", algorithm, name, got, err)
			}
			if diff := cmp.Diff(c.want, got.Caller); diff != "" {
				t.Errorf("%s, %s: %s", algorithm, name, diff)
			}
		}
	}
}

func TestTokenIsRefused(t *testing.T) {
	all := served{}
	key, other := newSigner(t, "k", jose.RS256), newSigner(t, "k", jose.RS256)
	acme, globex := all.add("acme", key.public()), all.add("globex", other.public())
	none, retained := all.add("none"), all.add("retained", key.public())
	none.IdentityProvider, retained.State = nil, binding.Retained
	a := &Authenticator{tenants: all}
	public, err := x509.MarshalPKIXPublicKey(key.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	whole := key.sign(t, good(acme))
	parts := strings.Split(whole, ".")
	for name, text := range map[string]string{
		"of another issuer":              key.sign(t, good(acme, set("iss", "https://other.example"))),
		"without an issuer":              key.sign(t, good(acme, set("iss", nil))),
		"for nobody":                     key.sign(t, good(acme, set("aud", nil))),
		"for something else":             key.sign(t, good(acme, set("aud", "account"))),
		"for two tenants":                key.sign(t, good(acme, set("aud", []string{binding.TokenAudience(acme.Tenant.ID), binding.TokenAudience(globex.Tenant.ID)}))),
		"for a tenant by another's key":  key.sign(t, good(globex)),
		"for a tenant that is not there": key.sign(t, good(&tenants.Tenant{Binding: binding.Binding{Tenant: binding.Tenant{ID: uuid.New()}}})),
		"for a tenant without provider":  key.sign(t, good(none)),
		"for a retained tenant":          key.sign(t, good(retained)),
		"expired":                        key.sign(t, good(acme, set("exp", time.Now().Add(-time.Minute).Unix()))),
		"that never expires":             key.sign(t, good(acme, set("exp", nil))),
		"for years":                      key.sign(t, good(acme, set("exp", time.Now().Add(48*time.Hour).Unix()))),
		"of the future":                  key.sign(t, good(acme, set("nbf", time.Now().Add(time.Hour).Unix()))),
		"of nobody":                      key.sign(t, good(acme, set("sub", nil))),
		"of a user with no name":         key.sign(t, good(acme, set("sub", ""))),
		"of a user with a bad name":      key.sign(t, good(acme, set("sub", "alice smith"))),
		"of a user that is a number":     key.sign(t, good(acme, set("sub", 7))),
		"with groups that are none":      key.sign(t, good(acme, set("groups", "sales"))),
		"with too many groups":           key.sign(t, good(acme, set("groups", strings.Split(strings.Repeat("g,", principal.MaxGroups)+"g", ",")))),
		"with an unknown scope of ours":  key.sign(t, good(acme, set("scope", "bulkhead:root"))),
		"by an unknown key":              newSigner(t, "other", jose.RS256).sign(t, good(acme)),
		"by a key of the same name":      newSigner(t, "k", jose.RS256).sign(t, good(acme)),
		"by the key with another method": signWith(t, jose.SigningKey{Algorithm: jose.PS256, Key: jose.JSONWebKey{KeyID: "k", Key: key.private}}, good(acme)),
		"by the public key as a secret":  signWith(t, jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{KeyID: "k", Key: public}}, good(acme)),
		"without a signature":            "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"with another's claims":          parts[0] + "." + strings.Split(key.sign(t, good(acme, set("sub", "bob"))), ".")[1] + "." + parts[2],
		"that is too long":               key.sign(t, good(acme, set("more", strings.Repeat("x", maxToken)))),
		"that is none":                   "a.b.c",
	} {
		if got, err := a.Authenticate(t.Context(), "Bearer "+text); !errors.Is(err, ErrUnauthenticated) || got.Tenant != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := a.Authenticate(t.Context(), "Bearer "+whole); err != nil {
		t.Errorf("the one that the others were made of: %v", err)
	}
	acme.IdentityProvider.Keys = slices.Delete(acme.IdentityProvider.Keys, 0, 1)
	if _, err := a.Authenticate(t.Context(), "Bearer "+whole); !errors.Is(err, ErrUnauthenticated) {
		t.Errorf("by a key that was taken back: %v", err)
	}
}
