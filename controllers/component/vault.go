package component

import (
	"errors"
	"time"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// vaultRetry is how long a component waits for a Vault that does not serve us.
const vaultRetry = 5 * time.Second

// VaultOutcome is the Outcome of a call to Vault that failed.
func VaultOutcome(err error) Outcome {
	switch {
	case errors.Is(err, vault.ErrSealed):
		return Wait(v1alpha1.ReasonVaultSealed, "Vault is sealed; unseal it, and this goes on by itself", vaultRetry)
	case errors.Is(err, vault.ErrUnreachable):
		return Wait(v1alpha1.ReasonVaultUnreachable, "Vault cannot be reached at the configured address; it is tried again", vaultRetry)
	case errors.Is(err, vault.ErrDenied):
		return Wait(v1alpha1.ReasonVaultDenied, err.Error()+"; check its role and policy (config/vault)", vaultRetry)
	}
	return Fail(err)
}
