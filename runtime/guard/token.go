package guard

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

const (
	maxToken = 8 << 10 // bytes
	// maxTokenLife is how far ahead a token may expire: nothing takes it back before.
	maxTokenLife = 24 * time.Hour
	// clockSkew is how far apart our clock and the identity provider's may be.
	clockSkew = 30 * time.Second
	// scopePrefix begins what "scope" says to us, among other things that it may say.
	scopePrefix = "bulkhead:"
)

// signatures are the algorithms by which a token may be signed: those with a private key,
// which we do not have.
var signatures = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// isToken reports whether a text is a JSON Web Token (RFC 7519) rather than an API key.
func isToken(text string) bool { return strings.Count(text, ".") == 2 }

// byToken lets in whom the tenant's identity provider vouches for. The audience says of
// which tenant the token is, and a key of that tenant's own provider proves it.
// Errors: ErrUnauthenticated.
func (a *Authenticator) byToken(text string) (Identity, error) {
	if len(text) > maxToken {
		return Identity{}, ErrUnauthenticated
	}
	token, err := jwt.ParseSigned(text, signatures)
	if err != nil {
		return Identity{}, ErrUnauthenticated
	}
	var hint jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&hint); err != nil {
		return Identity{}, ErrUnauthenticated
	}
	id, named := tenantOf(hint.Audience)
	tenant, known := a.tenants.Lookup(id)
	if !named || !known || tenant.IdentityProvider == nil || tenant.State != binding.Active {
		return Identity{}, ErrUnauthenticated
	}
	caller, keyID, ok := vouched(token, tenant.IdentityProvider, id, time.Now())
	if !ok {
		return Identity{}, ErrUnauthenticated
	}
	return Identity{Tenant: tenant, KeyID: keyID, Caller: caller}, nil
}

// tenantOf is the one tenant that an audience names.
func tenantOf(audience jwt.Audience) (id uuid.UUID, named bool) {
	for _, of := range audience {
		text, ours := strings.CutPrefix(of, binding.TokenAudiencePrefix)
		if !ours {
			continue
		}
		found, err := uuid.Parse(text)
		if err != nil || named {
			return uuid.Nil, false
		}
		id, named = found, true
	}
	return id, named
}

// vouched verifies a token for a tenant, and reads whom it is about.
func vouched(token *jwt.JSONWebToken, p *binding.IdentityProvider, tenant uuid.UUID, now time.Time) (c principal.Caller, keyID string, ok bool) {
	head := token.Headers[0] // ParseSigned returns tokens with one
	at := slices.IndexFunc(p.Keys, func(k jose.JSONWebKey) bool {
		return k.KeyID == head.KeyID && (k.Algorithm == "" || k.Algorithm == head.Algorithm)
	})
	if at < 0 {
		return c, "", false
	}
	var claims jwt.Claims
	var all map[string]json.RawMessage
	if err := token.Claims(p.Keys[at].Key, &claims, &all); err != nil {
		return c, "", false
	}
	expected := jwt.Expected{Issuer: p.Issuer, AnyAudience: jwt.Audience{binding.TokenAudience(tenant)}, Time: now}
	if claims.ValidateWithLeeway(expected, clockSkew) != nil || claims.Expiry == nil || claims.Expiry.Time().Sub(now) > maxTokenLife {
		return c, "", false
	}
	c, ok = callerOf(all, p)
	return c, "token:" + head.KeyID, ok
}

// callerOf reads the user, the groups and the scope. Groups whose names
// can be no principals are left out; without a scope for us it is the least.
func callerOf(claims map[string]json.RawMessage, p *binding.IdentityProvider) (c principal.Caller, ok bool) {
	if json.Unmarshal(claims[p.UserClaim], &c.User) != nil || !principal.ValidName(c.User) {
		return c, false
	}
	if groups, there := claims[p.GroupsClaim]; there && json.Unmarshal(groups, &c.Groups) != nil {
		return c, false
	}
	c.Groups = slices.DeleteFunc(c.Groups, func(name string) bool { return !principal.ValidName(name) })
	var scopes string
	if given, there := claims["scope"]; there && json.Unmarshal(given, &scopes) != nil {
		return c, false
	}
	c.Scope = principal.Read
	for _, word := range strings.Fields(scopes) {
		if name, ours := strings.CutPrefix(word, scopePrefix); ours {
			scope, err := principal.ParseScopes([]string{name})
			if err != nil {
				return c, false
			}
			c.Scope = max(c.Scope, scope)
		}
	}
	return c, len(c.Groups) <= principal.MaxGroups
}
