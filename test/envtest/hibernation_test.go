package envtest

import (
	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

const hibernation = "cnpg.io/hibernation"

var _ = Describe("A database that sleeps", func() {
	It("because somebody put it to sleep, is told from one that is down, and woken", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "sleep-a")
		s.world.withoutDatabase = true // CloudNativePG is in no hurry
		cluster := &cnpgv1.Cluster{}
		Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.DatabaseNamespace(s.world.cell), Name: desired.DatabaseCluster}, cluster)).To(Succeed())
		cluster.Annotations[hibernation] = "on"
		Expect(admin.Update(ctx, cluster)).To(Succeed())
		cluster.Status.ReadyInstances = 0
		meta.SetStatusCondition(&cluster.Status.Conditions, metav1.Condition{Type: hibernation, Status: metav1.ConditionTrue, Reason: "Hibernated", Message: "Cluster has been hibernated"})
		Expect(admin.Status().Update(ctx, cluster)).To(Succeed())

		c := s.cellBecomes(ctx, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseHibernated)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionDatabaseReady)).To(And(ContainSubstring("is being woken"), ContainSubstring("find out who annotates")))
		s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseHibernated)
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		Expect(cluster.Annotations).To(HaveKeyWithValue(hibernation, "off"))

		By("CloudNativePG doing as told")
		s.world.withoutDatabase = false
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})

	It("because its cell is retired, says how far it is", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		_, s.world = s.readyOwner(ctx, "sleeps-a", v1alpha1.TierDedicatedPods)
		s.world.withoutDatabase = true
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		retired := true
		c.Spec.Retired = &retired
		Expect(admin.Update(ctx, &c)).To(Succeed())
		s.databaseSays(ctx, ContainSubstring("has not begun to"))
		s.world.withoutDatabase = false
		s.databaseSays(ctx, ContainSubstring("the database sleeps; its volumes are kept"))
	})
})

// databaseSays reconciles a retired cell until its database is as said.
func (s *scene) databaseSays(ctx SpecContext, says OmegaMatcher) {
	GinkgoHelper()
	Eventually(func() string {
		c := s.cellBecomes(ctx, v1alpha1.ConditionDatabaseReady, metav1.ConditionTrue, v1alpha1.ReasonRetired)
		return messageOf(c.Status.Conditions, v1alpha1.ConditionDatabaseReady)
	}).WithTimeout(patience).WithPolling(pace).Should(says)
}
