package envtest

import (
	"context"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
)

// A cluster is known by what it is: how its kubeconfig is called says nothing.
var _ = Describe("A cluster", func() {
	It("serves one tenant, however many kubeconfigs lead to it", func(ctx SpecContext) {
		s := newScene(ctx)
		there := startRemote(ctx)
		first, second := s.newFar(ctx, "use-a", there), s.newFar(ctx, "use-b", there)
		Expect(admin.Create(ctx, first)).To(Succeed())
		Expect(admin.Create(ctx, second)).To(Succeed())
		winner, loser := s.compete(ctx, first, second)
		own := desired.OwnCellName(string(winner.UID))
		Expect(messageOf(loser.Status.Conditions, v1alpha1.ConditionPlaced)).To(ContainSubstring("the Cell " + own))
		Expect(gone(ctx, &v1alpha1.Cell{ObjectMeta: metav1.ObjectMeta{Name: desired.OwnCellName(string(loser.UID))}})).To(BeTrue())

		By("recording which cluster it is, for the next process")
		var c v1alpha1.Cell
		s.pursue(ctx, func() bool {
			_, err := s.cell(ctx, own)
			Expect(err).NotTo(HaveOccurred())
			Expect(admin.Get(ctx, client.ObjectKey{Name: own}, &c)).To(Succeed())
			return c.Status.ClusterUID == string(uidOf(ctx, there.owner))
		})
		s.restart()
		s.tenantBecomes(ctx, loser.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonClusterInUse)

		By("until the other's cell is gone, not only the other")
		s.deleteTenant(ctx, winner)
		s.tenantBecomes(ctx, loser.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonClusterInUse)
		s.loseCell(ctx, own)
		s.tenantBecomes(ctx, loser.Name, v1alpha1.ConditionPlaced, metav1.ConditionTrue, v1alpha1.ReasonReady)
	}, SpecTimeout(hang))

	It("that everybody shares is nobody's own", func(ctx SpecContext) {
		s := newScene(ctx)
		hub := &clusters.Cluster{UID: uidOf(ctx, admin)}
		Expect(s.Clusters.Claim(ctx, hub, "t-anybody")).To(MatchError(And(
			ContainSubstring(v1alpha1.ReasonClusterInUse), ContainSubstring("the cluster that the operator runs in"))))
	})
})

// compete reconciles two tenants at once until one has its place and the other is
// told who has the cluster.
func (s *scene) compete(ctx SpecContext, a, b *v1alpha1.Tenant) (winner, loser *v1alpha1.Tenant) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		var both sync.WaitGroup
		for _, t := range []*v1alpha1.Tenant{a, b} {
			both.Go(func() { _, _ = s.tenant(ctx, t.Name) }) // two writes may meet
		}
		both.Wait()
		for _, t := range []*v1alpha1.Tenant{a, b} {
			g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed())
		}
		winner, loser = a, b
		if stateOf(a.Status.Conditions, v1alpha1.ConditionPlaced) != "True/Ready" {
			winner, loser = b, a
		}
		g.Expect(stateOf(winner.Status.Conditions, v1alpha1.ConditionPlaced)).To(Equal("True/Ready"))
		g.Expect(stateOf(loser.Status.Conditions, v1alpha1.ConditionPlaced)).To(Equal("False/" + v1alpha1.ReasonClusterInUse))
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	return winner, loser
}

// uidOf is what a cluster is known by.
func uidOf(ctx context.Context, cluster client.Client) types.UID {
	GinkgoHelper()
	var system corev1.Namespace
	Eventually(func() error { return cluster.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, &system) }).WithTimeout(patience).Should(Succeed())
	return system.UID
}
