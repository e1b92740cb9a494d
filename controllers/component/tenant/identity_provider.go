package tenant

import (
	"context"
	"strings"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// IdentityProvider tells which keys of the tenant's identity provider cannot be used. They are
// left out of the Binding.
type IdentityProvider struct{ *Parts }

// Condition implements component.Component.
func (IdentityProvider) Condition() string { return v1alpha1.ConditionIdentityReady }

// Needs implements component.Component.
func (IdentityProvider) Needs(*Scope) []string { return nil }

// Reconcile implements component.Component.
func (IdentityProvider) Reconcile(_ context.Context, s *Scope) component.Outcome {
	if s.Tenant.Spec.IdentityProvider == nil {
		return component.Outcome{Gone: true}
	}
	if _, err := desired.IdentityProvider(s.Tenant.Spec.IdentityProvider); err != nil {
		return component.Stall(v1alpha1.ReasonIdentityKeyInvalid,
			strings.ReplaceAll(err.Error(), "\n", "; ")+"; tokens that they signed let nobody in, all else is served")
	}
	return component.Outcome{}
}
