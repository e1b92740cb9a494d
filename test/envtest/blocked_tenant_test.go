package envtest

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// What is in the way of a deletion is named, nothing is lost meanwhile, and the
// deletion goes on when it is gone.
var _ = Describe("The deletion of a tenant", func() {
	DescribeTable("waits for a Vault that keeps the role which silent pods could use",
		func(ctx SpecContext, name string, fault error, reason, hint string) {
			s := newScene(ctx)
			s.readyCell(ctx)
			t := s.readyTenant(ctx, name)
			s.world.silent = true
			s.keys.Fault = func(string, bool) error { return fmt.Errorf("test: %w", fault) }
			Expect(admin.Delete(ctx, t)).To(Succeed())
			s.clock.advance(61 * time.Second)
			s.deletionNames(ctx, t, reason, ContainSubstring("Vault role cannot be deleted"), ContainSubstring(hint))
			s.expectRetained(ctx, t)
			_, ok := s.keys.Role(desired.VaultRole(t.Status.ID))
			Expect(ok).To(BeTrue())

			s.keys.Fault = nil
			s.deletionEnds(ctx, t)
			_, ok = s.keys.Role(desired.VaultRole(t.Status.ID))
			Expect(ok).To(BeFalse())
			s.expectRetained(ctx, t)
		},
		Entry("sealed", "stuck-vault-a", vault.ErrSealed, v1alpha1.ReasonVaultSealed, "unseal it"),
		Entry("down", "stuck-vault-b", vault.ErrUnreachable, v1alpha1.ReasonVaultUnreachable, "tried again"),
		Entry("that denies", "stuck-vault-c", vault.ErrDenied, v1alpha1.ReasonVaultDenied, "config/vault"),
	)

	It("ends when its runtime namespace was deleted by hand, and makes nothing anew", func(ctx SpecContext) {
		s := newSceneBehind(ctx, &gateway{})
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-ns-a")
		namespace := desired.RuntimeNamespace(s.world.cell)
		s.empty(ctx, namespace)
		s.finish(ctx, namespace)
		s.restart()
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.wire.forget()
		s.deletionEnds(ctx, t)
		writes, _ := s.wire.seen()
		Expect(writes).NotTo(ContainElement(ContainSubstring(namespace)))
		Expect(gone(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(BeTrue())
		s.expectNoRole(t)
		Expect(s.keys.HasKey(desired.KeyName(t.Status.ID))).To(BeTrue())
	})

	It("ends while its runtime namespace hangs in its own deletion, shut to the operator", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-ns-b")
		s.empty(ctx, desired.RuntimeNamespace(s.world.cell))
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionEnds(ctx, t)
		s.expectNoRole(t)
	})

	It("ends when its database namespace was deleted by hand, and the cell says what it lost", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-db-a")
		namespace := desired.DatabaseNamespace(s.world.cell)
		s.empty(ctx, namespace)
		s.finish(ctx, namespace)
		c := s.cellBecomes(ctx, v1alpha1.ConditionNamespacesReady, metav1.ConditionFalse, v1alpha1.ReasonForeignNamespace)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionNamespacesReady)).To(And(ContainSubstring(namespace), ContainSubstring("restore it")))
		s.deleteTenant(ctx, t)
		s.expectRetained(ctx, t)
		Expect(gone(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(BeTrue())
	})

	It("names the right that the operator lost in the cell, which the cell restores", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-rbac-a")
		namespace := desired.RuntimeNamespace(s.world.cell)
		Expect(admin.Delete(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "manager"}})).To(Succeed())
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionNames(ctx, t, v1alpha1.ReasonAccessDenied, ContainSubstring("secrets"), ContainSubstring(namespace), ContainSubstring("config/rbac"))
		s.restart() // the caches are closed to it, too
		s.deletionNames(ctx, t, v1alpha1.ReasonAccessDenied, ContainSubstring(namespace))

		s.cellBecomes(ctx, v1alpha1.ConditionNamespacesReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		s.deletionEnds(ctx, t)
		s.expectRetained(ctx, t)
	})

	It("needs neither its Plan nor its Cell", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		plan := starterPlan()
		plan.Name = "short-lived"
		Expect(admin.Create(ctx, plan)).To(Succeed())
		t := s.newTenant("stuck-plan-a")
		t.Spec.PlanRef = &v1alpha1.PlanReference{Name: plan.Name}
		Expect(admin.Create(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(admin.Delete(ctx, plan)).To(Succeed())
		s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonPlanNotFound)
		s.loseCell(ctx, s.world.cell)
		s.deleteTenant(ctx, t)
		s.expectRetained(ctx, t)
	})

	It("retains the Binding before it names who holds the route", func(ctx SpecContext) {
		s := newSceneBehind(ctx, &gateway{})
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-route-a")
		namespace := desired.RuntimeNamespace(s.world.cell)
		allow := deny(ctx, denial{"keep-routes", namespace, "gateway.networking.k8s.io", "httproutes", "DELETE"})
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionNames(ctx, t, v1alpha1.ReasonAdmissionDenied, ContainSubstring("HTTPRoute"), ContainSubstring("ValidatingAdmissionPolicy keep-routes"))
		s.expectRetained(ctx, t)
		allow()
		s.deletionEnds(ctx, t)
		Expect(gone(ctx, s.emptyRoute(t.Status.ID))).To(BeTrue())
	})

	It("is not held up by a quota, and names a webhook that does not answer", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-hook-a")
		namespace := desired.RuntimeNamespace(s.world.cell)
		exhaust(ctx, namespace)
		allow := breakWebhook(ctx, "hook.example.com", namespace)
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionNames(ctx, t, v1alpha1.ReasonAdmissionDenied, ContainSubstring("the Binding in the Cell "+s.world.cell), ContainSubstring("webhook hook.example.com"))
		allow()
		s.deletionEnds(ctx, t)
		s.expectRetained(ctx, t)
	})

	It("names who keeps the Tenant itself", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-self-a")
		allow := deny(ctx, denial{"keep-tenants", "", "bulkhead.dev", "tenants", "UPDATE"})
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionNames(ctx, t, v1alpha1.ReasonAdmissionDenied, ContainSubstring("the finalizer"), ContainSubstring("keep-tenants"))
		s.expectRetained(ctx, t)
		allow()
		s.deletionEnds(ctx, t)
	})

	DescribeTable("makes a retained Binding of one that cannot be read", func(ctx SpecContext, name string, tier v1alpha1.Tier) {
		s := newScene(ctx)
		s.readyCell(ctx)
		var t *v1alpha1.Tenant
		own := s.world
		if tier == v1alpha1.TierShared {
			t = s.readyTenant(ctx, name)
		} else {
			t, own = s.readyOwner(ctx, name, tier)
		}
		before, secret := s.bindingOf(ctx, t.Status.ID)
		secret.Data[binding.SecretKey] = []byte("not JSON")
		Expect(admin.Update(ctx, secret)).To(Succeed())
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionEnds(ctx, t)
		s.expectRetained(ctx, t)
		s.expectNoRole(t)
		after, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(after.Database).To(Equal(before.Database), "its rows would be looked for elsewhere")

		By("from which it comes back")
		again := s.newTenant(name)
		again.Spec = *t.Spec.DeepCopy()
		again.Spec.AdoptID = t.Status.ID
		Expect(admin.Create(ctx, again)).To(Succeed())
		s.ownBecomes(ctx, name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		after, _ = s.bindingOf(ctx, t.Status.ID)
		Expect(after.State).To(Equal(binding.Active))
		_, ok := s.keys.Role(desired.VaultRole(t.Status.ID))
		Expect(ok).To(BeTrue())
	},
		Entry("in a shared cell", "stuck-damage-a", v1alpha1.TierShared),
		Entry("with a database of its own", "stuck-damage-b", v1alpha1.TierDedicatedDatabase),
	)

	It("takes the Vault role of who cannot be told to stop", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-role-a")
		allow := breakWebhook(ctx, "role.example.com", desired.RuntimeNamespace(s.world.cell))
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionNames(ctx, t, v1alpha1.ReasonAdmissionDenied, ContainSubstring("webhook role.example.com"))
		s.clock.advance(61 * time.Second)
		s.pursue(ctx, func() bool {
			_, _ = s.tenant(ctx, t.Name)
			_, ok := s.keys.Role(desired.VaultRole(t.Status.ID))
			return !ok
		})
		s.deletionNames(ctx, t, v1alpha1.ReasonAdmissionDenied, ContainSubstring("webhook role.example.com"))
		allow()
		s.deletionEnds(ctx, t)
		s.expectRetained(ctx, t)
	})
})
