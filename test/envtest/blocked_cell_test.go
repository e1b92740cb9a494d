package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

var _ = Describe("The deletion of a cell", func() {
	It("says what keeps its namespaces, and ends when that is gone", func(ctx SpecContext) {
		s := newScene(ctx)
		c := s.deletedCell(ctx)
		s.cellDeletionNames(ctx, c, v1alpha1.ReasonNamespaceTerminating, ContainSubstring(desired.DatabaseNamespace(c.Name)))
		var namespace corev1.Namespace
		Expect(admin.Get(ctx, client.ObjectKey{Name: desired.DatabaseNamespace(c.Name)}, &namespace)).To(Succeed())
		namespace.Status.Conditions = []corev1.NamespaceCondition{{
			Type: corev1.NamespaceFinalizersRemaining, Status: corev1.ConditionTrue, Reason: "SomeFinalizersRemain",
			Message: "Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances",
		}}
		Expect(admin.Status().Update(ctx, &namespace)).To(Succeed())
		s.cellDeletionNames(ctx, c, v1alpha1.ReasonNamespaceTerminating, ContainSubstring("example.com/keep in 1 resource instances"))
		s.finish(ctx, desired.DatabaseNamespace(c.Name))
		s.finish(ctx, desired.RuntimeNamespace(c.Name))
		s.cellDeletionEnds(ctx, c)
	})

	It("restores the operator's own access to see whether it is empty", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stuck-cell-rbac-a")
		for _, namespace := range []string{desired.RuntimeNamespace(s.world.cell), desired.DatabaseNamespace(s.world.cell)} {
			Expect(admin.Delete(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "manager"}})).To(Succeed())
		}
		s.restart()
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		Expect(admin.Delete(ctx, &c)).To(Succeed())
		s.cellDeletionNames(ctx, &c, v1alpha1.ReasonCellInUse, ContainSubstring("the data of 1 tenants"))
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.State).To(Equal(binding.Active))
	})

	It("does not take a missing runtime namespace for an empty database", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		runtime, database := desired.RuntimeNamespace(s.world.cell), desired.DatabaseNamespace(s.world.cell)
		s.empty(ctx, runtime)
		s.finish(ctx, runtime)
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		Expect(admin.Delete(ctx, &c)).To(Succeed())
		s.cellDeletionNames(ctx, &c, v1alpha1.ReasonCellInUse, ContainSubstring(runtime), ContainSubstring("delete the latter by hand"))
		Expect(admin.Get(ctx, client.ObjectKey{Name: database}, &corev1.Namespace{})).To(Succeed())
		s.empty(ctx, database)
		s.finish(ctx, database)
		s.cellDeletionEnds(ctx, &c)
	})

	It("names the webhook that keeps its namespaces", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		database := desired.DatabaseNamespace(s.world.cell)
		allow := deny(ctx, denial{"keep-namespaces", database, "", "namespaces", "DELETE"})
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		Expect(admin.Delete(ctx, &c)).To(Succeed())
		s.cellDeletionNames(ctx, &c, v1alpha1.ReasonAdmissionDenied, ContainSubstring("namespace "+database), ContainSubstring("keep-namespaces"))
		allow()
		s.cellDeletionNames(ctx, &c, v1alpha1.ReasonNamespaceTerminating, ContainSubstring(database))
	})
})
