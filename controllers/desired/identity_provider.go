package desired

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// IdentityProvider is a tenant's with the keys that can be used, nil without any. The
// error names those that cannot.
func IdentityProvider(p *v1alpha1.IdentityProvider) (*binding.IdentityProvider, error) {
	if p == nil {
		return nil, nil //nolint:nilnil // a tenant need not have one
	}
	made := &binding.IdentityProvider{
		Issuer: p.Issuer, UserClaim: cmp.Or(p.UserClaim, "sub"), GroupsClaim: cmp.Or(p.GroupsClaim, "groups"),
	}
	var problems []error
	for _, key := range p.Keys {
		read, err := publicKey(key)
		if err != nil {
			problems = append(problems, fmt.Errorf("spec.identityProvider.keys[kid=%s]: %w", key.KeyID, err))
			continue
		}
		made.Keys = append(made.Keys, read)
	}
	if len(made.Keys) == 0 {
		made = nil
	}
	return made, errors.Join(problems...)
}

func publicKey(key v1alpha1.PublicKey) (read jose.JSONWebKey, err error) {
	text, err := json.Marshal(key)
	if err != nil {
		return read, err
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return read, fmt.Errorf("it is no valid public key: %w", err)
	}
	return read, binding.CheckIdentityKey(read)
}
