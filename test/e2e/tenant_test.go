//go:build e2e

package e2e

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// newTenant is a Shared tenant that only our cell takes.
func newTenant(name string) *v1alpha1.Tenant {
	return &v1alpha1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: ours + "-" + name},
		Spec: v1alpha1.TenantSpec{
			Tier:         v1alpha1.TierShared,
			PlanRef:      &v1alpha1.PlanReference{Name: ours},
			CellSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"purpose": ours}},
		},
	}
}

// provision makes a tenant and waits until it is served.
func provision(ctx context.Context, name string) *v1alpha1.Tenant {
	GinkgoHelper()
	t := newTenant(name)
	Expect(k.Create(ctx, t)).To(Succeed())
	return ready(ctx, t.Name)
}

func ready(ctx context.Context, name string) *v1alpha1.Tenant {
	GinkgoHelper()
	return become(ctx, name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

// become waits for a tenant's condition.
func become(ctx context.Context, name, kind string, status metav1.ConditionStatus, reason string) *v1alpha1.Tenant {
	GinkgoHelper()
	Eventually(tenant).WithContext(ctx).WithArguments(name).Should(haveCondition(kind, status, reason))
	t, err := tenant(ctx, name)
	Expect(err).NotTo(HaveOccurred())
	return t
}

func tenant(ctx context.Context, name string) (*v1alpha1.Tenant, error) {
	var t v1alpha1.Tenant
	return &t, k.Get(ctx, client.ObjectKey{Name: name}, &t)
}

// apiKey is what the operator left for hand-over.
func apiKey(ctx context.Context, t *v1alpha1.Tenant) string {
	GinkgoHelper()
	var secret corev1.Secret
	Expect(t.Status.CredentialSecretRef).NotTo(BeNil(), describe(t))
	ref := client.ObjectKey{Namespace: t.Status.CredentialSecretRef.Namespace, Name: t.Status.CredentialSecretRef.Name}
	Expect(k.Get(ctx, ref, &secret)).To(Succeed())
	return string(secret.Data[desired.CredentialAPIKey])
}

// bound are the Bindings that carry a tenant's name.
func bound(ctx context.Context, name string) []binding.Binding {
	GinkgoHelper()
	var found []binding.Binding
	for _, secret := range bindings(ctx) {
		if secret.Labels[desired.LabelTenant] != name {
			continue
		}
		b, err := binding.Decode(secret.Data[binding.SecretKey])
		Expect(err).NotTo(HaveOccurred())
		found = append(found, b)
	}
	return found
}
