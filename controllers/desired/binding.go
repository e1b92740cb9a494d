package desired

import (
	"cmp"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// BindingInput is every fact that a Binding is built from.
type BindingInput struct {
	Tenant *v1alpha1.Tenant
	ID     uuid.UUID
	// Database is where the tenant's rows are.
	Database binding.Database
	Limits   binding.Limits
	// TransitMount is where the tenant's key is.
	TransitMount string
	// Epoch and Incarnation of the Binding that exists; zero when there is none.
	Epoch, Incarnation int64
	Credentials        []binding.Credential
	// Models that can be used; nil: none.
	Models *binding.Models
}

// Binding builds what a runtime must know of an active tenant.
func Binding(in BindingInput) binding.Binding {
	id := in.ID.String()
	provider, _ := IdentityProvider(in.Tenant.Spec.IdentityProvider) // the component IdentityProvider tells what is wrong
	return binding.Binding{
		Version:     binding.Version,
		Epoch:       max(in.Epoch, 1),
		Incarnation: max(in.Incarnation, 1),
		Tenant:      binding.Tenant{ID: in.ID, Name: in.Tenant.Name},
		State:       binding.Active,
		Containment: binding.Containment(cmp.Or(in.Tenant.Spec.Containment, v1alpha1.ContainmentNone)),
		Key: binding.Key{
			Provider: binding.ProviderTransit,
			Mount:    in.TransitMount,
			Name:     KeyName(id),
			Role:     VaultRole(id),
		},
		Database:    in.Database,
		Limits:      in.Limits,
		Credentials: in.Credentials,
		Language:    string(in.Tenant.Spec.Language),
		Models:      someModels(in.Models),

		IdentityProvider: provider,
	}
}

// Limits resolves the defaults that the Plan's documentation promises.
func Limits(l v1alpha1.Limits) binding.Limits {
	return binding.Limits{
		Documents:         cmp.Or(l.Documents, 1000),
		StorageBytes:      cmp.Or(l.StorageBytes, 1<<30),
		DocumentBytes:     cmp.Or(l.DocumentBytes, 10<<20),
		RequestsPerMinute: cmp.Or(l.RequestsPerMinute, 600),
		ConcurrentIngests: cmp.Or(l.ConcurrentIngests, 2),
	}
}

// BindingSecretObject stores encoded Binding bytes. It has no owner reference:
// a Binding outlives its Tenant.
func BindingSecretObject(cell, id, tenant string, encoded []byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:      BindingSecret(id),
			Namespace: RuntimeNamespace(cell),
			Labels: map[string]string{
				LabelManagedBy:        ManagedBy,
				LabelCell:             cell,
				LabelTenant:           tenant,
				binding.LabelKind:     binding.KindBinding,
				binding.LabelTenantID: id,
			},
		},
		Type: binding.SecretType,
		Data: map[string][]byte{binding.SecretKey: encoded},
	}
}
