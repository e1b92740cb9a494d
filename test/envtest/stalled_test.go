package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// What sales or GitOps get wrong must not tie the hands of whoever contains an incident.
var _ = Describe("A served tenant whose spec cannot be followed", func() {
	DescribeTable("is contained and its key is rotated all the same", func(ctx SpecContext, name, reason string, obstruct func(*v1alpha1.Tenant)) {
		s := newScene(ctx)
		s.readyCell(ctx)
		plan := starterPlan()
		plan.Name = "of-" + name
		Expect(admin.Create(ctx, plan)).To(Succeed())
		t := s.newTenant(name)
		t.Spec.PlanRef = &v1alpha1.PlanReference{Name: plan.Name}
		Expect(admin.Create(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		before, _ := s.bindingOf(ctx, t.Status.ID)
		first := string(s.credentialOf(ctx, name).Data[desired.CredentialAPIKey])
		Expect(admin.Delete(ctx, plan)).To(Succeed())
		obstruct(t)
		Expect(admin.Update(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, reason)
		s.settle(ctx, name)
		s.expectQuiet(ctx, name)

		t.Spec.Containment, t.Spec.CredentialGeneration = v1alpha1.ContainmentQuarantined, ptr.To[int64](2)
		Expect(admin.Update(ctx, t)).To(Succeed())
		s.pursue(ctx, func() bool {
			_, err := s.tenant(ctx, name)
			Expect(err).NotTo(HaveOccurred())
			b, _ := s.bindingOf(ctx, t.Status.ID)
			return b.Containment == binding.Quarantined && len(b.Credentials) == 2
		})
		t = s.tenantBecomes(ctx, name, v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonContained)
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("False/" + reason))
		after, _ := s.bindingOf(ctx, t.Status.ID)
		secret := s.credentialOf(ctx, name)
		Expect(after.Credentials[0].Matches(string(secret.Data[desired.CredentialAPIKey]))).To(BeTrue())
		Expect(after.Credentials[1].Matches(first)).To(BeTrue())
		Expect(after.Credentials[1].ExpiresAt).NotTo(BeNil())
		Expect(string(secret.Data[desired.CredentialEndpoint])).To(Equal(t.Status.Endpoint))

		By("and stays where it is otherwise, with what it has")
		after.Containment, after.Credentials = before.Containment, before.Credentials
		Expect(after).To(Equal(before))
		Expect(t.Status.Tier).To(Equal(v1alpha1.TierShared))
		Expect(gone(ctx, &v1alpha1.Cell{ObjectMeta: metav1.ObjectMeta{Name: desired.OwnCellName(t.Status.ID)}})).To(BeTrue())
		s.settle(ctx, name)
		s.expectQuiet(ctx, name)
	},
		Entry("for another tier", "stalled-tier", v1alpha1.ReasonMoveRequired, func(t *v1alpha1.Tenant) { t.Spec.Tier = v1alpha1.TierDedicatedPods }),
		Entry("for a plan that is gone", "stalled-plan", v1alpha1.ReasonPlanNotFound, func(*v1alpha1.Tenant) {}),
	)

	It("is not given another identity", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "stalled-id")
		t.Spec.AdoptID = "00000000-1111-4222-8333-444444444444"
		Expect(admin.Update(ctx, t)).To(MatchError(ContainSubstring("has an identity already")))
		t.Spec.AdoptID = t.Status.ID
		Expect(admin.Update(ctx, t)).To(Succeed())
		s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})
})

var _ = Describe("A retained tenant that is adopted for another tier", func() {
	It("gets no cell of its own, and stays retained", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		create(ctx, dedicatedPlan())
		first := s.readyTenant(ctx, "adopt-tier")
		s.deleteTenant(ctx, first)
		second := s.newTenant("adopt-tier")
		second.Spec.Tier, second.Spec.PlanRef, second.Spec.AdoptID = v1alpha1.TierDedicatedPods, &v1alpha1.PlanReference{Name: "dedicated"}, first.Status.ID
		second.Spec.Containment = v1alpha1.ContainmentReadOnly
		Expect(admin.Create(ctx, second)).To(Succeed())
		t := s.tenantBecomes(ctx, "adopt-tier", v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonMoveRequired)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionPlaced)).To(ContainSubstring("in the Cell " + s.world.cell))
		err := admin.Get(ctx, client.ObjectKey{Name: desired.OwnCellName(first.Status.ID)}, &v1alpha1.Cell{})
		Expect(client.IgnoreNotFound(err)).To(Succeed())
		Expect(err).To(HaveOccurred(), "a cell was made for a tenant that is elsewhere")
		b, _ := s.bindingOf(ctx, first.Status.ID)
		Expect(b.State).To(Equal(binding.Retained))
		Expect(b.Containment).To(Equal(binding.ContainmentNone))
	})
})
