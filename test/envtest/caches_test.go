package envtest

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

var _ = Describe("The caches of a cell's namespaces", func() {
	It("are closed when the namespaces are gone", func(ctx SpecContext) {
		s := newScene(ctx)
		c := s.deletedCell(ctx)
		caches := s.Clusters.Hub().Caches
		Expect(caches.IsOpen(desired.RuntimeNamespace(c.Name), &corev1.Secret{})).To(BeTrue())
		s.cellDeletionNames(ctx, c, v1alpha1.ReasonNamespaceTerminating)
		for _, namespace := range []string{desired.DatabaseNamespace(c.Name), desired.RuntimeNamespace(c.Name)} {
			s.finish(ctx, namespace)
		}
		s.cellDeletionEnds(ctx, c)
		for _, namespace := range []string{desired.DatabaseNamespace(c.Name), desired.RuntimeNamespace(c.Name)} {
			Expect(caches.IsOpen(namespace, &corev1.Secret{})).To(BeFalse(), namespace)
		}
	})

	It("say at once which kind the operator may not read", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: desired.ClusterRoleManager}}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(role), role)).To(Succeed())
		complete := role.DeepCopy()
		for i := range role.Rules {
			role.Rules[i].Resources = slices.DeleteFunc(role.Rules[i].Resources, func(resource string) bool { return resource == "poddisruptionbudgets" })
		}
		role.Rules = slices.DeleteFunc(role.Rules, func(rule rbacv1.PolicyRule) bool { return len(rule.Resources) == 0 })
		Expect(admin.Update(ctx, role)).To(Succeed())
		restore := func(ctx SpecContext) {
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(role), role)).To(Succeed())
			role.Rules = complete.Rules
			Expect(admin.Update(ctx, role)).To(Succeed())
		}
		DeferCleanup(restore)
		taken := right{verb: "list", group: "policy", resource: "poddisruptionbudgets", namespace: desired.RuntimeNamespace(s.world.cell)}
		Eventually(may).WithArguments(ctx, admin, operatorUser, taken).WithTimeout(patience).WithPolling(pace).Should(BeFalse())

		s.restart()
		began := time.Now()
		c := s.cellBecomes(ctx, v1alpha1.ConditionNamespacesReady, metav1.ConditionFalse, v1alpha1.ReasonAccessDenied)
		Expect(time.Since(began)).To(BeNumerically("<", 15*time.Second), "it waited for the listing, for 20 s")
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionNamespacesReady)).To(And(ContainSubstring("poddisruptionbudgets"), ContainSubstring("apply config/rbac")))

		By("going on when it may")
		restore(ctx)
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})
})
