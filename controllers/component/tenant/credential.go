package tenant

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// rotationOverlap is how long a credential stays valid after it was rotated.
const rotationOverlap = time.Hour

// Credential issues the tenant's first API key, and the next one when
// spec.credentialGeneration rises.
type Credential struct{ *Parts }

// Condition implements component.Component.
func (Credential) Condition() string { return v1alpha1.ConditionCredentialReady }

// Needs implements component.Component. The rotation of a tenant that is served
// waits for nothing: somebody may have stolen the key before it.
func (Credential) Needs(s *Scope) []string {
	if s.served() {
		return nil
	}
	return []string{v1alpha1.ConditionPlaced, v1alpha1.ConditionKeyReady}
}

// Reconcile implements component.Component.
func (c Credential) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	secret, err := c.issued(ctx, s.Tenant.Name)
	if err != nil {
		return component.Fail(err)
	}
	exists := secret != nil
	if exists && secret.Labels[binding.LabelTenantID] != s.ID.String() {
		return component.Stall(v1alpha1.ReasonForeignObject, fmt.Sprintf(
			"Secret %s/%s exists and is not this tenant's credential; remove it", secret.Namespace, secret.Name))
	}
	s.Tenant.Status.CredentialSecretRef = &v1alpha1.SecretReference{
		Namespace: desired.CredentialsNamespace, Name: desired.CredentialSecret(s.Tenant.Name),
	}
	keyID := desired.KeyID(ptr.Deref(s.Tenant.Spec.CredentialGeneration, 1))
	if !exists && holds(s.Bound, keyID) {
		s.Credentials = valid(s, s.Bound.Binding.Credentials)
		return component.Outcome{Reason: v1alpha1.ReasonCollected, After: expiry(s)}
	}
	current, err := c.issue(ctx, s, secret, keyID)
	if err != nil {
		return component.Fail(fmt.Errorf("the credential Secret: %w", err))
	}
	s.Credentials = valid(s, rotate(s, current))
	return component.Outcome{After: expiry(s)}
}

// issue returns the stored half of the wanted API key, and makes the key when
// the Secret does not hold it yet.
func (c Credential) issue(ctx context.Context, s *Scope, secret *corev1.Secret, keyID string) (binding.Credential, error) {
	if secret != nil && secret.Annotations[desired.AnnotationKeyID] == keyID {
		return binding.CredentialOf(keyID, string(secret.Data[desired.CredentialAPIKey])), c.correctEndpoint(ctx, s, secret)
	}
	text, stored := binding.NewKey(s.ID, keyID)
	wanted := desired.Credential(s.Tenant.Name, s.ID.String(), keyID, text, s.Tenant.Status.Endpoint)
	if secret == nil {
		return stored, c.Client.Create(ctx, wanted)
	}
	wanted.ResourceVersion = secret.ResourceVersion // only over what was read
	return stored, c.Client.Update(ctx, wanted)
}

// correctEndpoint keeps the URL beside a key that was issued: a gateway may have
// been configured since.
func (c Credential) correctEndpoint(ctx context.Context, s *Scope, secret *corev1.Secret) error {
	if string(secret.Data[desired.CredentialEndpoint]) == s.Tenant.Status.Endpoint {
		return nil
	}
	corrected := secret.DeepCopy() // with its resourceVersion: only over what was read
	corrected.StringData = map[string]string{desired.CredentialEndpoint: s.Tenant.Status.Endpoint}
	return c.Client.Update(ctx, corrected)
}

// issued is the Secret with a tenant's API key, nil for none.
func (p *Parts) issued(ctx context.Context, tenant string) (*corev1.Secret, error) {
	reader, err := p.Clusters.Hub().Caches.Open(ctx, desired.CredentialsNamespace, &corev1.Secret{})
	if err != nil {
		return nil, err
	}
	var secret corev1.Secret
	key := client.ObjectKey{Namespace: desired.CredentialsNamespace, Name: desired.CredentialSecret(tenant)}
	if err := reader.Get(ctx, key, &secret); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return &secret, nil
}

func holds(b *Bound, keyID string) bool {
	return b != nil && slices.ContainsFunc(b.Binding.Credentials, func(c binding.Credential) bool {
		return c.ID == keyID && c.ExpiresAt == nil
	})
}

// rotate puts the current credential first and lets the one before it expire.
func rotate(s *Scope, current binding.Credential) []binding.Credential {
	all := []binding.Credential{current}
	if s.Bound == nil {
		return all
	}
	for _, old := range s.Bound.Binding.Credentials {
		if old.ID == current.ID {
			continue
		}
		if old.ExpiresAt == nil {
			old.ExpiresAt = ptr.To(s.Now.Add(rotationOverlap).UTC().Truncate(time.Second))
		}
		all = append(all, old)
	}
	return all
}

// valid drops credentials whose hour is over and keeps two at the most.
func valid(s *Scope, all []binding.Credential) []binding.Credential {
	kept := slices.DeleteFunc(slices.Clone(all), func(c binding.Credential) bool { return c.Expired(s.Now) })
	return kept[:min(len(kept), 2)]
}

// expiry is how long until the older credential has to leave the Binding.
func expiry(s *Scope) time.Duration {
	for _, c := range s.Credentials {
		if c.ExpiresAt != nil {
			return max(c.ExpiresAt.Sub(s.Now), time.Second)
		}
	}
	return 0
}
