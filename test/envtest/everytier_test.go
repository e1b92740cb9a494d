package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Whatever tiers there are, each is served as its profile says. Where a cluster
// of the tenant's own is concerned, "The tier DedicatedCluster" has more to say.
var _ = Describe("Every tier", func() {
	for _, profile := range tier.All() {
		if profile.Cluster == tier.Own {
			continue
		}
		It("is served as its profile says, and retained: "+string(profile.Name), func(ctx SpecContext) {
			s := newScene(ctx)
			s.readyCell(ctx)
			plan := defaultPlan(profile)
			create(ctx, plan)
			DeferCleanup(func(ctx SpecContext) { Expect(admin.Delete(ctx, plan)).To(Succeed()) }) // other specs miss it
			t := s.newTenant("every-" + profile.DefaultPlan)
			t.Spec.Tier = profile.Name
			Expect(admin.Create(ctx, t)).To(Succeed())
			own := &world{api: admin, cell: desired.OwnCellName(string(t.UID)), key: binding.KeyOK}
			t = s.ownBecomes(ctx, t.Name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

			cellOf := map[tier.Ownership]string{tier.Shared: s.world.cell, tier.Own: own.cell}
			database, compute := cellOf[profile.Database], cellOf[profile.Runtime]
			Expect(t.Status.Tier).To(Equal(profile.Name))
			Expect(t.Status.Plan).To(Equal(profile.DefaultPlan))
			Expect(*t.Status.Placement).To(Equal(v1alpha1.Placement{Database: database, Compute: compute}))
			Expect(bindingIn(ctx, admin, compute, t.Status.ID).Database.Cell).To(Equal(database == compute))
			role, _ := s.keys.Role(desired.VaultRole(t.Status.ID))
			Expect(role.Namespace).To(Equal(desired.RuntimeNamespace(compute)))
			for namespace, owned := range map[string]tier.Ownership{
				desired.DatabaseNamespace(own.cell): profile.Database, desired.RuntimeNamespace(own.cell): profile.Runtime,
			} {
				missing := gone(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
				Expect(missing).To(Equal(owned == tier.Shared), namespace)
			}

			Expect(admin.Delete(ctx, t)).To(Succeed())
			s.pursue(ctx, func() bool { own.turn(ctx); return s.deletionPass(ctx, t) })
			Expect(bindingIn(ctx, admin, compute, t.Status.ID).State).To(Equal(binding.Retained))
			Expect(s.keys.HasKey(desired.KeyName(t.Status.ID))).To(BeTrue())
		})
	}

	It("can be sold by one plan", func(ctx SpecContext) {
		plan := dedicatedPlan()
		plan.Name, plan.Spec.Tiers = "every-tier", nil
		for _, profile := range tier.All() {
			plan.Spec.Tiers = append(plan.Spec.Tiers, profile.Name)
		}
		Expect(admin.Create(ctx, plan, client.DryRunAll)).To(Succeed())
	})
})

// defaultPlan is the plan of a tenant of the tier that names none.
func defaultPlan(profile tier.Profile) *v1alpha1.Plan {
	plan := &v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: profile.DefaultPlan}}
	plan.Spec.Tiers = []v1alpha1.Tier{profile.Name}
	if profile.Database == tier.Own {
		plan.Spec.Database = &v1alpha1.DatabaseSize{Storage: ptr.To(resource.MustParse("1Gi"))}
	}
	if profile.Runtime == tier.Own {
		plan.Spec.Runtime = &v1alpha1.RuntimeSize{Replicas: 2}
	}
	return plan
}
