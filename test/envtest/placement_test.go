package envtest

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

var _ = Describe("Placement", func() {
	DescribeTable("refuses", func(ctx SpecContext, name string, change func(*v1alpha1.Tenant), reason, hint string) {
		s := newScene(ctx)
		s.readyCell(ctx)
		create(ctx, &v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: "only-shared"}, Spec: v1alpha1.PlanSpec{Tiers: []v1alpha1.Tier{v1alpha1.TierShared}}})
		create(ctx, &v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: "only-own"}, Spec: v1alpha1.PlanSpec{
			Tiers: []v1alpha1.Tier{v1alpha1.TierDedicatedDatabase}, Database: s.newCell("x").Spec.Database,
		}})
		t := s.newTenant(name)
		change(t)
		Expect(admin.Create(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, reason)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionPlaced)).To(ContainSubstring(hint))
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("False/" + reason))
		Expect(s.keys.Calls()).To(BeZero())
		result, err := s.tenant(ctx, name)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).To(BeZero(), "a stalled tenant polls")
	},
		Entry("an unknown plan", "place-a", func(t *v1alpha1.Tenant) { t.Spec.PlanRef = &v1alpha1.PlanReference{Name: "gold"} },
			v1alpha1.ReasonPlanNotFound, `there is no Plan "gold" (spec.planRef.name)`),
		Entry("a plan for other tiers", "place-b", func(t *v1alpha1.Tenant) { t.Spec.PlanRef = &v1alpha1.PlanReference{Name: "only-own"} },
			v1alpha1.ReasonPlanNotForTier, "not for Shared"),
		Entry("a tier whose default plan does not exist", "place-c", func(t *v1alpha1.Tenant) { t.Spec.Tier = v1alpha1.TierDedicatedPods },
			v1alpha1.ReasonPlanNotFound, `there is no Plan "enterprise" (the default plan of the tier DedicatedPods)`),
		Entry("a selector that no cell matches", "place-d", func(t *v1alpha1.Tenant) { t.Spec.CellSelector.MatchLabels["region"] = "mars" },
			v1alpha1.ReasonNoCapacity, "do not match spec.cellSelector"),
		Entry("a selector that cannot be read", "place-e", func(t *v1alpha1.Tenant) {
			t.Spec.CellSelector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "region", Operator: "Near"}}
		}, v1alpha1.ReasonInvalidSelector, "spec.cellSelector"),
	)

	It("fills the least loaded cell, and says which were full", func(ctx SpecContext) {
		s := newScene(ctx)
		small, large, closed := s.newCell(s.world.cell), s.newCell(s.world.cell+"-l"), s.newCell(s.world.cell+"-z")
		small.Spec.Capacity, large.Spec.Capacity = 1, 3
		closed.Spec.Accepting = ptr.To(false)
		for _, c := range []*v1alpha1.Cell{small, large, closed} {
			Expect(admin.Create(ctx, c)).To(Succeed())
			s.world.cell = c.Name
			s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		}
		got := map[string]int{}
		for i := range 4 {
			name := fmt.Sprintf("fill-%d", i)
			Expect(admin.Create(ctx, s.newTenant(name))).To(Succeed())
			t := s.tenantBecomes(ctx, name, v1alpha1.ConditionPlaced, metav1.ConditionTrue, v1alpha1.ReasonReady)
			got[t.Status.Placement.Compute]++
		}
		Expect(got).To(Equal(map[string]int{small.Name: 1, large.Name: 3}))
		Expect(admin.Create(ctx, s.newTenant("fill-5"))).To(Succeed())
		t := s.tenantBecomes(ctx, "fill-5", v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonNoCapacity)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionPlaced)).To(And(
			ContainSubstring(small.Name+" is full (1)"), ContainSubstring(large.Name+" is full (3)"), ContainSubstring(closed.Name+" is not accepting")))

		By("raising the capacity")
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(large), large)).To(Succeed())
		large.Spec.Capacity = 4
		Expect(admin.Update(ctx, large)).To(Succeed())
		s.tenantBecomes(ctx, "fill-5", v1alpha1.ConditionPlaced, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})

	It("keeps the served tier until moves exist", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "move-a")
		t.Spec.Tier = v1alpha1.TierDedicatedPods
		Expect(admin.Update(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, "move-a", v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonMoveRequired)
		Expect(t.Status.Tier).To(Equal(v1alpha1.TierShared))
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.State).To(BeEquivalentTo("Active"))
	})
})
