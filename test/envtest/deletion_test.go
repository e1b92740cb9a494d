package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

var _ = Describe("Deletion", func() {
	It("takes the Vault role when a runtime does not say that it stopped", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "mute-a")
		s.world.silent = true
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.tenantBecomes(ctx, "mute-a", v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonRetained)
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.State).To(Equal(binding.Retained), "the Binding stops access before anything else")
		_, ok := s.keys.Role(desired.VaultRole(t.Status.ID))
		Expect(ok).To(BeTrue())

		s.clock.advance(61 * time.Second)
		s.pursue(ctx, func() bool { return s.deletionPass(ctx, t) })
		_, ok = s.keys.Role(desired.VaultRole(t.Status.ID))
		Expect(ok).To(BeFalse())
		Expect(s.keys.HasKey(desired.KeyName(t.Status.ID))).To(BeTrue())
	})

	It("of a tenant that was never placed leaves nothing", func(ctx SpecContext) {
		s := newScene(ctx)
		Expect(admin.Create(ctx, s.newTenant("never-a"))).To(Succeed())
		t := s.tenantBecomes(ctx, "never-a", v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonNoCapacity)
		s.deleteTenant(ctx, t)
		Expect(s.keys.Calls()).To(BeZero())
	})

	It("of a cell is refused while it holds tenants, retained ones included", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "inuse-a")
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		Expect(admin.Delete(ctx, &c)).To(Succeed())
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonCellInUse)
		s.deleteTenant(ctx, t)
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonCellInUse)
		Expect(admin.Get(ctx, client.ObjectKey{Name: desired.DatabaseNamespace(s.world.cell)}, &corev1.Namespace{})).To(Succeed())

		By("going on when the data is gone")
		_, secret := s.bindingOf(ctx, t.Status.ID)
		Expect(admin.Delete(ctx, secret)).To(Succeed())
		Eventually(func(g Gomega) {
			_, err := s.cell(ctx, s.world.cell)
			g.Expect(err).NotTo(HaveOccurred())
			var namespace corev1.Namespace
			g.Expect(admin.Get(ctx, client.ObjectKey{Name: desired.DatabaseNamespace(s.world.cell)}, &namespace)).To(Succeed())
			g.Expect(namespace.DeletionTimestamp).NotTo(BeNil()) // envtest has nobody to finish it
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	})
})

// This one takes the API away from under everybody, so it runs alone and last.
var _ = Describe("The removal of our own definitions", Serial, Ordered, func() {
	It("drops finalizers and touches no data", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "crd-a")
		for _, kind := range []string{"tenants", "cells"} {
			Expect(admin.Delete(ctx, &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: kind + ".bulkhead.dev"}})).To(Succeed())
		}
		s.wire.forget()
		s.pursue(ctx, func() bool {
			_, err := s.tenant(ctx, t.Name)
			return err == nil && gone(ctx, t)
		})
		c := &v1alpha1.Cell{ObjectMeta: metav1.ObjectMeta{Name: s.world.cell}}
		s.pursue(ctx, func() bool {
			_, err := s.cell(ctx, c.Name)
			return err == nil && gone(ctx, c)
		})
		writes, _ := s.wire.seen()
		Expect(writes).To(HaveLen(2), "the two finalizers: %v", writes)
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.State).To(Equal(binding.Active))
		Expect(b.Credentials).To(HaveLen(1))
	})
})

// gone reports that an object, or its whole kind, does not exist.
func gone(ctx SpecContext, object client.Object) bool {
	err := admin.Get(ctx, client.ObjectKeyFromObject(object), object)
	return apierrors.IsNotFound(err) || client.IgnoreNotFound(err) != nil
}
