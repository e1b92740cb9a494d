package envtest

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers"
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

		By("by the names of the Bindings, whatever their labels say")
		b, unlabelled := s.bindingOf(ctx, t.Status.ID)
		Expect(b.State).To(Equal(binding.Retained))
		unlabelled.Labels = nil
		Expect(admin.Update(ctx, unlabelled)).To(Succeed())
		Consistently(func(g Gomega) {
			_, err := s.cell(ctx, s.world.cell)
			g.Expect(err).NotTo(HaveOccurred())
			var namespace corev1.Namespace
			g.Expect(admin.Get(ctx, client.ObjectKey{Name: desired.DatabaseNamespace(s.world.cell)}, &namespace)).To(Succeed())
			g.Expect(namespace.DeletionTimestamp).To(BeNil())
		}).WithTimeout(time.Second).WithPolling(pace).Should(Succeed())

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

var _ = Describe("Deletion of a cell", func() {
	It("keeps it in order while it is in use", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		s.readyTenant(ctx, "in-use-a")
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		Expect(admin.Delete(ctx, &c)).To(Succeed())
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonCellInUse)

		By("with its walls")
		wall := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: desired.DatabaseNamespace(s.world.cell), Name: "default-deny"}}
		Expect(admin.Delete(ctx, wall)).To(Succeed())
		Eventually(func(g Gomega) {
			_, err := s.cell(ctx, s.world.cell)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(wall), wall)).To(Succeed())
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())

		By("with a new image")
		s.image = imageB
		s.restart()
		Eventually(func(g Gomega) {
			s.world.turn(ctx)
			_, err := s.cell(ctx, s.world.cell)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
			g.Expect(c.Status.SchemaImage).To(Equal(imageB))
			g.Expect(stateOf(c.Status.Conditions, v1alpha1.ConditionRuntimeReady)).To(Equal("True/Ready"))
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
		Expect(stateOf(c.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("False/" + v1alpha1.ReasonCellInUse))
	})

	It("waits for a Tenant whose Binding was lost", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "unbound-a")
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		Expect(admin.Delete(ctx, &c)).To(Succeed())
		_, secret := s.bindingOf(ctx, t.Status.ID)
		Expect(admin.Delete(ctx, secret)).To(Succeed())
		s.cellDeletionNames(ctx, &c, v1alpha1.ReasonCellInUse, ContainSubstring("the Tenant "+t.Name))
	})
})

// This one takes the API away from under everybody, and puts it back.
var _ = Describe("The removal of our own definitions", Serial, func() {
	It("drops finalizers and touches no data", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "crd-a")
		for _, kind := range []string{"tenants", "cells"} {
			Expect(admin.Delete(ctx, &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: kind + ".bulkhead.dev"}})).To(Succeed())
		}
		s.wire.forget()
		s.pursue(ctx, func() bool { return s.finalizeAll(ctx, &v1alpha1.TenantList{}, s.tenant) })
		s.pursue(ctx, func() bool { return s.finalizeAll(ctx, &v1alpha1.CellList{}, s.cell) })
		writes, _ := s.wire.seen()
		Expect(writes).To(HaveEach(MatchRegexp("^PATCH /apis/bulkhead.dev/v1alpha1/(tenants|cells)/[^/]+$")), "more than finalizers")
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.State).To(Equal(binding.Active))
		Expect(b.Credentials).To(HaveLen(1))
		for _, kind := range []string{"tenants", "cells"} {
			crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: kind + ".bulkhead.dev"}}
			Eventually(func() bool { return gone(ctx, crd) }).WithTimeout(patience).Should(BeTrue())
		}
		Expect(plane.Install(ctx)).To(Succeed())
	})
})

// finalizeAll reconciles every object of a kind and reports that none is left.
func (s *scene) finalizeAll(ctx SpecContext, list client.ObjectList, pass func(context.Context, string) (reconcile.Result, error)) bool {
	if err := admin.List(ctx, list); err != nil {
		return true // the kind is gone
	}
	Expect(meta.EachListItem(list, func(object runtime.Object) error {
		_, err := pass(ctx, object.(client.Object).GetName())
		return client.IgnoreNotFound(err)
	})).To(Succeed())
	return meta.LenList(list) == 0
}

// gone reports that an object, or its whole kind, does not exist.
func gone(ctx context.Context, object client.Object) bool {
	err := admin.Get(ctx, client.ObjectKeyFromObject(object), object)
	return apierrors.IsNotFound(err) || client.IgnoreNotFound(err) != nil
}

var _ = Describe("Deletion without a status", func() {
	It("withdraws the credential of the identity that the tenant had", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		first := s.readyTenant(ctx, "lost-a")
		s.vanish(ctx, first)
		Expect(admin.Create(ctx, s.newTenant("lost-a"))).To(Succeed())
		var second v1alpha1.Tenant
		s.pursue(ctx, func() bool { // the cache may still hold the first one
			_, _ = s.tenant(ctx, "lost-a")
			Expect(admin.Get(ctx, client.ObjectKey{Name: "lost-a"}, &second)).To(Succeed())
			return controllerutil.ContainsFinalizer(&second, controllers.Finalizer)
		})
		second.Status = v1alpha1.TenantStatus{}
		Expect(admin.Status().Update(ctx, &second)).To(Succeed())
		s.restart()
		s.deleteTenant(ctx, &second)
		b, _ := s.bindingOf(ctx, first.Status.ID)
		Expect(b.State).To(Equal(binding.Retained))
		err := admin.Get(ctx, client.ObjectKey{Namespace: desired.CredentialsNamespace, Name: "lost-a"}, &corev1.Secret{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue())
	})
})

var _ = Describe("Deletion of a cell that never was", func() {
	It("leaves the foreign namespace alone", func(ctx SpecContext) {
		s := newScene(ctx)
		foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: desired.RuntimeNamespace(s.world.cell)}}
		Expect(admin.Create(ctx, foreign)).To(Succeed())
		c := s.newCell(s.world.cell)
		Expect(admin.Create(ctx, c)).To(Succeed())
		s.cellBecomes(ctx, v1alpha1.ConditionNamespacesReady, metav1.ConditionFalse, v1alpha1.ReasonForeignNamespace)
		Expect(admin.Delete(ctx, c)).To(Succeed())
		s.pursue(ctx, func() bool {
			_, err := s.cell(ctx, c.Name)
			return err == nil && gone(ctx, c)
		})
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(foreign), foreign)).To(Succeed())
		Expect(foreign.DeletionTimestamp).To(BeNil())
	})
})
