package tenant

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// keyPoll is how often a lost key is looked for.
const keyPoll = time.Minute

// Key brings about the tenant's key in Vault, and who may use it.
type Key struct{ *Parts }

// Condition implements component.Component.
func (Key) Condition() string { return v1alpha1.ConditionKeyReady }

// Needs implements component.Component.
func (Key) Needs(*Scope) []string { return []string{v1alpha1.ConditionPlaced} }

// Reconcile implements component.Component.
func (c Key) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	if outcome := clusterOf(s.Cell); !outcome.Ready() {
		return outcome
	}
	id, spec := s.ID.String(), keySpec(s)
	stored := meta.IsStatusConditionTrue(s.Tenant.Status.Conditions, v1alpha1.ConditionKeyReady)
	if wait := c.Probes.Due(id, spec, stored, s.Now); wait > 0 {
		return component.Outcome{After: wait}
	}
	if outcome := c.ensure(ctx, s, spec); !outcome.Ready() {
		return outcome
	}
	return component.Outcome{After: c.Probes.Done(id, spec, s.Now)}
}

// ensure makes the key of a new tenant at once. For one that may have sealed data
// it writes only who may use the key, and only what was found to differ: a key
// that was lost is not made anew.
func (c Key) ensure(ctx context.Context, s *Scope, spec vault.Spec) component.Outcome {
	if s.Bound == nil && !committed(s.Tenant) {
		return vaultOutcome(c.Keys.Ensure(ctx, spec))
	}
	state, err := c.Keys.Observe(ctx, spec)
	switch {
	case err != nil:
		return component.VaultOutcome(err)
	case state == vault.KeyMissing:
		return component.Wait(v1alpha1.ReasonKeyMissing, fmt.Sprintf(
			"Vault has lost the key %s, and nothing else opens what it sealed; restore Vault from a backup that holds it, and this goes on by itself", spec.Key), keyPoll)
	case state == vault.Differs:
		return vaultOutcome(c.Keys.EnsureAccess(ctx, spec))
	}
	return component.Outcome{}
}

// vaultOutcome is the Outcome of a call to Vault.
func vaultOutcome(err error) component.Outcome {
	if err != nil {
		return component.VaultOutcome(err)
	}
	return component.Outcome{}
}

// clusterOf waits until Vault knows the cluster of a cell that has its own.
func clusterOf(c *v1alpha1.Cell) component.Outcome {
	if c.Spec.Cluster == nil {
		return component.Outcome{}
	}
	return cellCondition(c, v1alpha1.ConditionClusterReady)
}

func keySpec(s *Scope) vault.Spec {
	id := s.ID.String()
	return vault.Spec{
		Key:            desired.KeyName(id),
		Role:           desired.VaultRole(id),
		AuthMount:      authMount(s.Cell),
		Namespace:      desired.RuntimeNamespace(s.Cell.Name),
		ServiceAccount: desired.RuntimeServiceAccount,
	}
}

// authMount is where the Vault roles of a cell's tenants are; empty for the hub's.
func authMount(c *v1alpha1.Cell) string {
	if c.Spec.Cluster == nil {
		return ""
	}
	return desired.AuthMount(c.Name)
}
