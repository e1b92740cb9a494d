package binding

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

const (
	minRSABits = 2048
	maxRSABits = 4096

	maxIdentityKeys = 16
)

// IdentityProvider is whose tokens (RFC 7519) let a tenant's users in.
type IdentityProvider struct {
	Issuer string            `json:"issuer"`
	Keys   []jose.JSONWebKey `json:"keys"`
	// UserClaim and GroupsClaim name the claims with the user's name and groups.
	UserClaim   string `json:"userClaim"`
	GroupsClaim string `json:"groupsClaim"`
}

// TokenAudience is what a token for a tenant names in "aud": the tenant comes from there,
// and from nowhere else.
func TokenAudience(tenant uuid.UUID) string { return TokenAudiencePrefix + tenant.String() }

// TokenAudiencePrefix begins every TokenAudience.
const TokenAudiencePrefix = "bulkhead:"

// CheckIdentityKey reports why tokens can not be verified with a key.
func CheckIdentityKey(key jose.JSONWebKey) error {
	if !key.Valid() || !key.IsPublic() {
		return errors.New("it is no valid public key")
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return fmt.Errorf("it has %d bits; RSA keys have %d to %d", bits, minRSABits, maxRSABits)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return errors.New("its type is not known here: use RSA, EC or Ed25519")
	}
	return nil
}

func (p *IdentityProvider) validate() error {
	switch {
	case p == nil:
		return nil
	case p.Issuer == "":
		return errors.New("binding: identityProvider.issuer: is required")
	case p.UserClaim == "" || p.GroupsClaim == "":
		return errors.New("binding: identityProvider: userClaim and groupsClaim are required")
	case len(p.Keys) == 0 || len(p.Keys) > maxIdentityKeys:
		return fmt.Errorf("binding: identityProvider.keys: must be 1 to %d", maxIdentityKeys)
	}
	for i, key := range p.Keys {
		if err := CheckIdentityKey(key); err != nil {
			return fmt.Errorf("binding: identityProvider.keys[%d]: %w", i, err)
		}
		if key.KeyID == "" {
			return fmt.Errorf("binding: identityProvider.keys[%d].kid: is required", i)
		}
	}
	return nil
}
