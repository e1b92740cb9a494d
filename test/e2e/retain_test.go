//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func deletedTenant() {
	var id, oldKey string
	const question, expected = "Where is the spare key?", "under the third flowerpot"

	It("stops answering on every replica, and keeps its data", func(ctx SpecContext) {
		t := provision(ctx, "deleted")
		id, oldKey = t.Status.ID, apiKey(ctx, t)
		replicas := replicasOf(ctx, ours)
		Expect(replicas).To(HaveLen(2))
		a := api{replicas[0], oldKey}
		a.put(ctx, "home.md", "# Home\n\nThe spare key is under the third flowerpot.\n")
		a.expectCited(ctx, a.ask(ctx, question), expected)

		Expect(k.Delete(ctx, t)).To(Succeed())
		for _, url := range replicas {
			Eventually(func() int { return api{url, oldKey}.list(ctx).Status }).WithTimeout(15 * time.Second).
				Should(BeElementOf(http.StatusUnauthorized, http.StatusForbidden))
		}
		expectRetained(ctx, t)
	}, SpecTimeout(2*time.Minute))

	It("leaves its name to nobody by accident", func(ctx SpecContext) {
		t := newTenant("deleted")
		Expect(k.Create(ctx, t)).To(Succeed())
		t = become(ctx, t.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonNameRetained)
		Expect(describe(t)).To(ContainSubstring("spec.adoptID: " + id))
		Expect(bound(ctx, t.Name)).To(ConsistOf(HaveField("State", binding.Retained)))
	}, SpecTimeout(time.Minute))

	It("comes back with its data and another key when it is adopted", func(ctx SpecContext) {
		t, err := tenant(ctx, ours+"-deleted")
		Expect(err).NotTo(HaveOccurred())
		before := t.DeepCopy()
		t.Spec.AdoptID = id
		Expect(k.Patch(ctx, t, client.MergeFrom(before))).To(Succeed())
		t = ready(ctx, t.Name)
		Expect(t.Status.ID).To(Equal(id))
		Expect(string(t.UID)).NotTo(Equal(id))
		newKey := apiKey(ctx, t)
		Expect(newKey).NotTo(Equal(oldKey))
		for _, url := range replicasOf(ctx, ours) {
			a := api{url, newKey}
			a.expectCited(ctx, a.ask(ctx, question), expected)
			Expect(api{url, oldKey}.list(ctx).Status).To(Equal(http.StatusUnauthorized))
		}
	}, SpecTimeout(time.Minute))

	It("is known by its Binding when its status was lost", func(ctx SpecContext) {
		// Without its plan the tenant is not placed again, and its UID is not its id since it was adopted: nothing
		// but the Binding says who it is.
		lost := plan(ours + "-lost")
		Expect(k.Create(ctx, lost)).To(Succeed())
		t := change(ctx, ours+"-deleted", "--type=merge", "-p", `{"spec":{"planRef":{"name":"`+lost.Name+`"}}}`)
		ready(ctx, t.Name)
		Expect(k.Delete(ctx, lost)).To(Succeed())
		change(ctx, t.Name, "--subresource=status", "--type=json", "-p", `[{"op":"remove","path":"/status"}]`)
		change(ctx, t.Name, "--type=merge", "-p", `{"spec":{"displayName":"looked at again"}}`)
		become(ctx, t.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonPlanNotFound)

		Expect(k.Delete(ctx, t)).To(Succeed())
		expectRetained(ctx, t)
	}, SpecTimeout(2*time.Minute))
}

// change patches a tenant as a user would.
func change(ctx context.Context, name string, patch ...string) *v1alpha1.Tenant {
	GinkgoHelper()
	_, err := kubectl(ctx, "", append([]string{"patch", "tenant", name}, patch...)...)
	Expect(err).NotTo(HaveOccurred())
	t, err := tenant(ctx, name)
	Expect(err).NotTo(HaveOccurred())
	return t
}

// expectRetained asserts what is left of a deleted tenant: its Binding, and no credential.
func expectRetained(ctx context.Context, t *v1alpha1.Tenant) {
	GinkgoHelper()
	gone(ctx, t.DeepCopy())
	Expect(bound(ctx, t.Name)).To(ConsistOf(And(HaveField("State", binding.Retained), HaveField("Credentials", BeEmpty()))))
	credential := client.ObjectKey{Namespace: desired.CredentialsNamespace, Name: desired.CredentialSecret(t.Name)}
	Expect(apierrors.IsNotFound(k.Get(ctx, credential, &corev1.Secret{}))).To(BeTrue(), "its credential has to go")
}
