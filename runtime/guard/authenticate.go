package guard

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
	"github.com/bulkhead-dev/bulkhead/runtime/users"
)

// ErrUnauthenticated: no valid key was shown. It does not say why, so that
// nobody learns which tenants or keys exist.
var ErrUnauthenticated = errors.New("the API key is missing or not valid")

// ErrScope: the key is valid, and not for this.
var ErrScope = errors.New("the key has not the scope for this")

// Identity is who shows a valid key.
type Identity struct {
	Tenant *tenants.Tenant
	KeyID  string
	Caller principal.Caller

	own     bool  // the tenant made the key itself
	authGen int64 // as of which it was there
}

// Authenticator knows the tenants' keys.
type Authenticator struct {
	tenants interface {
		Lookup(uuid.UUID) (*tenants.Tenant, bool)
	}
	own   *users.Keyrings
	decoy binding.Credential // matches nothing
}

// NewAuthenticator makes an Authenticator of the tenants in effect and of the keys that
// they made themselves.
func NewAuthenticator(set *tenants.Set, own *users.Keyrings) *Authenticator {
	_, decoy := binding.NewKey(uuid.New(), "decoy")
	return &Authenticator{tenants: set, own: own, decoy: decoy}
}

// Authenticate reads the value of an Authorization header. The tenant comes
// from the key, or the token of an identity provider, and from nothing else. A key that the tenant made itself is as good as
// when its keys were read last: who goes on has it confirmed. Errors:
// ErrUnauthenticated; of a tenant that is served those of its store and its keys.
func (a *Authenticator) Authenticate(ctx context.Context, header string) (Identity, error) {
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Identity{}, ErrUnauthenticated
	}
	if isToken(text) {
		return a.byToken(text)
	}
	id, keyID, err := binding.ParseKey(text)
	if err != nil {
		return Identity{}, ErrUnauthenticated
	}
	tenant, known := a.tenants.Lookup(id)
	candidates := []binding.Credential{a.decoy} // so that an unknown tenant takes as long
	if known {
		candidates = append(candidates, tenant.Credentials...)
	}
	valid := false
	for _, c := range candidates {
		if c.Matches(text) && c.ID == keyID && !c.Expired(time.Now()) {
			valid = true
		}
	}
	switch {
	case valid:
		return Identity{Tenant: tenant, KeyID: keyID, Caller: principal.Tenant()}, nil
	case known && tenant.State == binding.Active:
		return a.verify(ctx, tenant, keyID, text)
	}
	return Identity{}, ErrUnauthenticated
}

// verify looks among the keys that the tenant made.
func (a *Authenticator) verify(ctx context.Context, t *tenants.Tenant, keyID, text string) (Identity, error) {
	key, authGen, err := a.own.Verify(ctx, t, keyID, text)
	if err != nil {
		return Identity{}, unauthenticated(err)
	}
	return Identity{Tenant: t, KeyID: keyID, Caller: key.Caller, own: true, authGen: authGen}, nil
}

// Confirm lets nobody in by a key that was deleted before the tenant's stamp was read.
// Errors: ErrUnauthenticated, those of the store.
func (a *Authenticator) Confirm(ctx context.Context, i Identity, now store.Stamp) error {
	if !i.own {
		return nil
	}
	return unauthenticated(a.own.Confirm(ctx, i.Tenant, i.KeyID, i.authGen, now.AuthGen))
}

// Recheck is Confirm as of this moment.
func (a *Authenticator) Recheck(ctx context.Context, i Identity) error {
	if !i.own {
		return nil
	}
	return unauthenticated(a.own.Recheck(ctx, i.Tenant, i.KeyID, i.authGen))
}

func unauthenticated(err error) error {
	if errors.Is(err, users.ErrUnknownKey) {
		return ErrUnauthenticated
	}
	return err
}
