package guard

import (
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// ErrUnauthenticated: no valid key was shown. It does not say why, so that
// nobody learns which tenants or keys exist.
var ErrUnauthenticated = errors.New("the API key is missing or not valid")

// Identity is who shows a valid key.
type Identity struct {
	Tenant *tenants.Tenant
	KeyID  string
}

// Authenticator knows the tenants' keys.
type Authenticator struct {
	tenants interface {
		Lookup(uuid.UUID) (*tenants.Tenant, bool)
	}
	decoy binding.Credential // matches nothing
}

// NewAuthenticator makes an Authenticator of the tenants in effect.
func NewAuthenticator(set *tenants.Set) *Authenticator {
	_, decoy := binding.NewKey(uuid.New(), "decoy")
	return &Authenticator{tenants: set, decoy: decoy}
}

// Authenticate reads the value of an Authorization header. The tenant comes
// from the key and from nothing else.
func (a *Authenticator) Authenticate(header string) (Identity, error) {
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Identity{}, ErrUnauthenticated
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
	if !valid {
		return Identity{}, ErrUnauthenticated
	}
	return Identity{Tenant: tenant, KeyID: keyID}, nil
}
