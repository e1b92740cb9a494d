package envtest

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

var _ = Describe("A tenant with an identity provider", func() {
	It("says which key can not be used, and is served with the others", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		public, _, err := ed25519.GenerateKey(nil)
		Expect(err).NotTo(HaveOccurred())
		wrong := strings.Repeat("A", 43)
		t := s.newTenant("idp-a")
		t.Spec.IdentityProvider = &v1alpha1.IdentityProvider{Issuer: "https://login.example", Keys: []v1alpha1.PublicKey{
			{KeyID: "good", Type: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(public)},
			{KeyID: "off", Type: "EC", Curve: "P-256", X: wrong, Y: wrong},
		}}
		Expect(admin.Create(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionIdentityReady, metav1.ConditionFalse, v1alpha1.ReasonIdentityKeyInvalid)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(And(
			ContainSubstring("spec.identityProvider.keys[kid=off]"), ContainSubstring("all else is served")))
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.IdentityProvider.Keys).To(HaveLen(1))

		By("correcting it")
		t.Spec.IdentityProvider.Keys = t.Spec.IdentityProvider.Keys[:1]
		Expect(admin.Update(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		s.settle(ctx, t.Name)
		s.expectQuiet(ctx, t.Name)

		By("doing without")
		t.Spec.IdentityProvider = nil
		Expect(admin.Update(ctx, t)).To(Succeed())
		s.settle(ctx, t.Name)
		s.settle(ctx, t.Name) // the status waited for acknowledgements of the new Binding
		b, _ = s.bindingOf(ctx, t.Status.ID)
		Expect(b.IdentityProvider).To(BeNil())
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed())
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionIdentityReady)).To(Equal("absent"))
	})
})
