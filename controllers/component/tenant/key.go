package tenant

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// vaultRetry is how long a tenant waits for a Vault that does not serve us.
const vaultRetry = 5 * time.Second

// Key brings about the tenant's key in Vault, and who may use it.
type Key struct{ *Parts }

// Condition implements component.Component.
func (Key) Condition() string { return v1alpha1.ConditionKeyReady }

// Needs implements component.Component.
func (Key) Needs(*Scope) []string { return []string{v1alpha1.ConditionPlaced} }

// Reconcile implements component.Component.
func (c Key) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	id, spec := s.ID.String(), keySpec(s)
	stored := meta.IsStatusConditionTrue(s.Tenant.Status.Conditions, v1alpha1.ConditionKeyReady)
	if wait := c.Probes.Due(id, spec, stored, s.Now); wait > 0 {
		return component.Outcome{After: wait}
	}
	if err := c.ensure(ctx, s, spec); err != nil {
		return vaultOutcome(err)
	}
	c.Probes.Done(id, spec, s.Now)
	return component.Outcome{After: ProbeInterval}
}

// ensure writes for a new tenant at once, and for a known one only what was
// found to differ.
func (c Key) ensure(ctx context.Context, s *Scope, spec vault.Spec) error {
	if s.Bound != nil {
		if asIntended, err := c.Keys.Observe(ctx, spec); asIntended || err != nil {
			return err
		}
	}
	return c.Keys.Ensure(ctx, spec)
}

func keySpec(s *Scope) vault.Spec {
	id := s.ID.String()
	return vault.Spec{
		Key:            desired.KeyName(id),
		Role:           desired.VaultRole(id),
		Namespace:      desired.RuntimeNamespace(s.Cell.Name),
		ServiceAccount: desired.RuntimeServiceAccount,
	}
}

func vaultOutcome(err error) component.Outcome {
	switch {
	case errors.Is(err, vault.ErrSealed):
		return component.Wait(v1alpha1.ReasonVaultSealed, "Vault is sealed; unseal it, and this goes on by itself", vaultRetry)
	case errors.Is(err, vault.ErrUnreachable):
		return component.Wait(v1alpha1.ReasonVaultUnreachable, "Vault cannot be reached at the configured address; it is tried again", vaultRetry)
	case errors.Is(err, vault.ErrDenied):
		return component.Wait(v1alpha1.ReasonVaultDenied, err.Error()+"; check its role and policy (config/vault)", vaultRetry)
	}
	return component.Fail(err)
}
