package envtest

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

var _ = Describe("Identity", func() {
	It("is found again after a restore with a new UID and no status", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		first := s.readyTenant(ctx, "restored-a")
		before, _ := s.bindingOf(ctx, first.Status.ID)
		s.vanish(ctx, first)
		s.restart()
		second := s.readyTenant(ctx, "restored-a")
		Expect(second.UID).NotTo(Equal(first.UID))
		Expect(second.Status.ID).To(Equal(first.Status.ID))
		after, _ := s.bindingOf(ctx, first.Status.ID)
		Expect(after).To(Equal(before), "the credential or the epoch changed")
	})

	It("of a deleted tenant is kept, named and taken up only on request", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		first := s.readyTenant(ctx, "kept-a")
		id := first.Status.ID
		s.deleteTenant(ctx, first)

		By("having stopped access and kept the key and the Binding")
		b, _ := s.bindingOf(ctx, id)
		Expect(b.State).To(Equal(binding.Retained))
		Expect(b.Credentials).To(BeEmpty())
		Expect(s.keys.HasKey(desired.KeyName(id))).To(BeTrue())
		err := admin.Get(ctx, client.ObjectKey{Namespace: desired.CredentialsNamespace, Name: "kept-a"}, &corev1.Secret{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue())
		s.expectNoRole(first) // every Ready pod has stopped, but there may be others

		By("a tenant of the same name without a word on whom it is")
		Expect(admin.Create(ctx, s.newTenant("kept-a"))).To(Succeed())
		second := s.tenantBecomes(ctx, "kept-a", v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonNameRetained)
		Expect(messageOf(second.Status.Conditions, v1alpha1.ConditionPlaced)).To(ContainSubstring("spec.adoptID: " + id))
		Expect(second.Status.ID).To(BeEmpty())

		By("adopting it")
		second.Spec.AdoptID = id
		Expect(admin.Update(ctx, second)).To(Succeed())
		second = s.tenantBecomes(ctx, "kept-a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(second.Status.ID).To(Equal(id))
		b, _ = s.bindingOf(ctx, id)
		Expect(b.State).To(Equal(binding.Active))
		Expect(b.Credentials).To(HaveLen(1))
		_, ok := s.keys.Role(desired.VaultRole(id))
		Expect(ok).To(BeTrue())

		By("refusing it to another")
		thief := s.newTenant("thief-a")
		thief.Spec.AdoptID = id
		Expect(admin.Create(ctx, thief)).To(Succeed())
		t := s.tenantBecomes(ctx, "thief-a", v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonIDInUse)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionPlaced)).To(ContainSubstring("kept-a"))
	})

	It("that nobody has cannot be adopted", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.newTenant("adopt-a")
		t.Spec.AdoptID = "00000000-1111-4222-8333-444444444444"
		Expect(admin.Create(ctx, t)).To(Succeed())
		s.tenantBecomes(ctx, "adopt-a", v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonAdoptionNotFound)
	})
})

// vanish removes a Tenant as the loss of etcd would: without the operator.
func (s *scene) vanish(ctx context.Context, t *v1alpha1.Tenant) {
	GinkgoHelper()
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed())
	controllerutil.RemoveFinalizer(t, controllers.Finalizer)
	Expect(admin.Update(ctx, t)).To(Succeed())
	Expect(admin.Delete(ctx, t)).To(Succeed())
}

// deleteTenant deletes a Tenant and lets the operator finish.
func (s *scene) deleteTenant(ctx context.Context, t *v1alpha1.Tenant) {
	GinkgoHelper()
	Expect(admin.Delete(ctx, t)).To(Succeed())
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		_, err := s.tenant(ctx, t.Name)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(t), &v1alpha1.Tenant{}))).To(BeTrue())
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
}
