package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

var _ = Describe("A quota", func() {
	It("that keeps a Binding or a credential from being made is named", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		free := exhaust(ctx, desired.CredentialsNamespace)
		Expect(admin.Create(ctx, s.newTenant("quota-a"))).To(Succeed())
		s.refused(ctx, "quota-a", v1alpha1.ConditionCredentialReady, "exceeded quota: full")
		freeToo := exhaust(ctx, desired.RuntimeNamespace(s.world.cell))
		free()
		s.refused(ctx, "quota-a", v1alpha1.ConditionRuntimeReady, "exceeded quota: full")
		freeToo()
		s.tenantBecomes(ctx, "quota-a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		s.expectOne(ctx, "quota-a")
	})
})

var _ = Describe("A webhook that denies", func() {
	It("is named, and its words, which quote a Secret, are kept to itself", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		namespace := desired.RuntimeNamespace(s.world.cell)
		allow := denyWords(ctx, "words.example.com", namespace)
		Expect(admin.Create(ctx, s.newTenant("words-a"))).To(Succeed())
		t := s.shows(ctx, "words-a", v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonAdmissionDenied)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionRuntimeReady)).To(And(
			ContainSubstring("webhook words.example.com"), Not(ContainSubstring(canaryWords))))
		_, err := s.tenant(ctx, "words-a")
		Expect(err).To(MatchError(Not(ContainSubstring(canaryWords))))
		allow()
		s.tenantBecomes(ctx, "words-a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})
})
