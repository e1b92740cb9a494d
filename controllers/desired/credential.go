package desired

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// The keys of a credential Secret, and the annotation that says which API key it holds.
const (
	CredentialAPIKey   = "apiKey"
	CredentialEndpoint = "endpoint"
	AnnotationKeyID    = "bulkhead.dev/key-id"
)

// KeyID names the API key of a credential generation.
func KeyID(generation int64) string { return "k" + strconv.FormatInt(generation, 10) }

// Credential stores an API key for hand-over to the customer.
func Credential(tenant, id, keyID, apiKey, endpoint string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:      CredentialSecret(tenant),
			Namespace: CredentialsNamespace,
			Labels: map[string]string{
				LabelManagedBy:        ManagedBy,
				LabelTenant:           tenant,
				binding.LabelTenantID: id,
			},
			Annotations: map[string]string{AnnotationKeyID: keyID},
		},
		Type: corev1.SecretTypeOpaque,
		StringData: map[string]string{
			CredentialAPIKey:   apiKey,
			CredentialEndpoint: endpoint,
		},
	}
}
