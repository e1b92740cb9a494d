package envtest

import (
	"context"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/rollout"
)

var _ = Describe("A plan", func() {
	It("changes one tenant first and then the others, stops when one fails, and goes on when it is mended", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		f := s.newFollowers(ctx, "roll", 3)

		By("doing nothing while nothing changes")
		f.settle(ctx)
		f.expectQuiet(ctx)

		By("letting one tenant have a change, and no other before that one acknowledged it")
		s.world.silent = true
		f.edit(ctx, func(spec *v1alpha1.PlanSpec) { spec.Limits.Documents = 2000 })
		f.becomes(ctx, v1alpha1.ReasonProgressing)
		f.consistently(ctx, map[int64]int{1000: 2, 2000: 1})
		s.restart() // all that is known is in the status
		f.consistently(ctx, map[int64]int{1000: 2, 2000: 1})
		s.world.silent = false
		f.becomes(ctx, v1alpha1.ReasonComplete)
		f.consistently(ctx, map[int64]int{2000: 3})

		By("stopping when that one does not become Ready in time")
		s.world.silent = true
		f.edit(ctx, func(spec *v1alpha1.PlanSpec) { spec.Limits.Documents = 3000 })
		f.becomes(ctx, v1alpha1.ReasonProgressing)
		s.clock.advance(11 * time.Second) // the acknowledgement is not young any more
		Eventually(func(g Gomega) {
			f.reconcile(ctx, g)
			g.Expect(f.notReady(ctx)).To(HaveLen(1))
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
		s.clock.advance(10 * time.Minute)
		plan := f.becomes(ctx, v1alpha1.ReasonHalted)
		Expect(messageOf(plan.Status.Conditions, v1alpha1.ConditionRolledOut)).To(And(
			ContainSubstring(f.notReady(ctx)[0]+" (AwaitingAcknowledgement)"), ContainSubstring("edit the Plan, back or forward")))
		f.consistently(ctx, map[int64]int{2000: 2, 3000: 1})

		By("going on when it is mended")
		s.world.silent = false
		plan = f.becomes(ctx, v1alpha1.ReasonComplete)
		f.consistently(ctx, map[int64]int{3000: 3})
		Expect(*plan.Status.Tenants).To(BeEquivalentTo(3))
		Expect(*plan.Status.Updated).To(BeEquivalentTo(3))
		f.settle(ctx)
		f.expectQuiet(ctx)
	})

	It("that no longer suits its tenants' tier stops the first, not all, and is taken back by an edit back", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		f := s.newFollowers(ctx, "unfit", 3)
		f.edit(ctx, func(spec *v1alpha1.PlanSpec) {
			spec.Tiers, spec.Database = []v1alpha1.Tier{v1alpha1.TierDedicatedDatabase}, s.newCell("x").Spec.Database
		})
		f.becomes(ctx, v1alpha1.ReasonProgressing)
		Eventually(func(g Gomega) {
			f.reconcile(ctx, g)
			g.Expect(f.notReady(ctx)).To(HaveLen(1))
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
		s.clock.advance(10 * time.Minute)
		plan := f.becomes(ctx, v1alpha1.ReasonHalted)
		Expect(messageOf(plan.Status.Conditions, v1alpha1.ConditionRolledOut)).To(ContainSubstring("(PlanNotForTier)"))
		Expect(f.notReady(ctx)).To(HaveLen(1))

		f.edit(ctx, func(spec *v1alpha1.PlanSpec) { spec.Tiers, spec.Database = starterPlan().Spec.Tiers, nil })
		f.becomes(ctx, v1alpha1.ReasonComplete)
		Eventually(func(g Gomega) {
			f.reconcile(ctx, g)
			g.Expect(f.notReady(ctx)).To(BeEmpty())
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	})

	It("that nobody has is rolled out at once", func(ctx SpecContext) {
		s := newScene(ctx)
		f := s.newFollowers(ctx, "nobody", 0)
		plan := f.becomes(ctx, v1alpha1.ReasonComplete)
		Expect(*plan.Status.Tenants).To(BeZero())
		f.edit(ctx, func(spec *v1alpha1.PlanSpec) { spec.Limits.Documents = 2000 })
		plan = f.becomes(ctx, v1alpha1.ReasonComplete)
		Expect(plan.Status.Revision).To(Equal(rollout.Revision(plan.Spec)))
	})

	It("says which addresses of its model endpoints stay closed", func(ctx SpecContext) {
		s := newScene(ctx)
		f := s.newFollowers(ctx, "closed", 0)
		plan := f.becomes(ctx, v1alpha1.ReasonComplete)
		Expect(stateOf(plan.Status.Conditions, v1alpha1.ConditionEndpointsReady)).To(Equal("absent"))
		models := v1alpha1.Endpoint{Name: "models", CIDRs: []string{"203.0.113.0/24", "100.100.100.200/32"}}
		f.edit(ctx, func(spec *v1alpha1.PlanSpec) { spec.ModelEndpoints = []v1alpha1.Endpoint{models} })
		plan = f.becomes(ctx, v1alpha1.ReasonComplete)
		Expect(stateOf(plan.Status.Conditions, v1alpha1.ConditionEndpointsReady)).To(Equal("False/" + v1alpha1.ReasonEndpointRefused))
		Expect(messageOf(plan.Status.Conditions, v1alpha1.ConditionEndpointsReady)).To(ContainSubstring("spec.modelEndpoints[models].cidrs[1]"))

		By("correcting it, and giving it up")
		f.edit(ctx, func(spec *v1alpha1.PlanSpec) { spec.ModelEndpoints[0].CIDRs = models.CIDRs[:1] })
		plan = f.becomes(ctx, v1alpha1.ReasonComplete)
		Expect(stateOf(plan.Status.Conditions, v1alpha1.ConditionEndpointsReady)).To(Equal("True/Ready"))
		f.edit(ctx, func(spec *v1alpha1.PlanSpec) { spec.ModelEndpoints = nil })
		plan = f.becomes(ctx, v1alpha1.ReasonComplete)
		Expect(stateOf(plan.Status.Conditions, v1alpha1.ConditionEndpointsReady)).To(Equal("absent"))
	})

	DescribeTable("that resizes what a tenant owns waits for it, while the tenant is served",
		func(ctx SpecContext, tier v1alpha1.Tier, name string, change func(*v1alpha1.PlanSpec), resized func(ctx context.Context, own *world) bool, finish func(ctx context.Context, own *world)) {
			s := newScene(ctx)
			s.readyCell(ctx)
			f := s.newOwner(ctx, name, tier)
			t := f.tenant(ctx, f.names[0])
			was := t.Status.PlanRevision

			f.standstill = true
			f.edit(ctx, change)
			f.becomes(ctx, v1alpha1.ReasonProgressing)
			Eventually(func(g Gomega) {
				f.reconcile(ctx, g)
				g.Expect(resized(ctx, f.own)).To(BeTrue())
			}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
			s.clock.advance(time.Minute)
			Consistently(func(g Gomega) {
				f.reconcile(ctx, g)
				t = f.tenant(ctx, t.Name)
				g.Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("True/Ready"))
				g.Expect(t.Status.PlanRevision).To(Equal(was))
			}).WithTimeout(time.Second).WithPolling(10 * pace).Should(Succeed())

			f.standstill = false
			finish(ctx, f.own)
			plan := f.becomes(ctx, v1alpha1.ReasonComplete)
			Expect(f.tenant(ctx, t.Name).Status.PlanRevision).To(And(Equal(plan.Status.Revision), Not(Equal(was))))
		},
		Entry("a database", v1alpha1.TierDedicatedDatabase, "grow-db", func(spec *v1alpha1.PlanSpec) { spec.Database.Instances = 2 },
			func(ctx context.Context, own *world) bool { return databaseOf(ctx, own).Spec.Instances == 2 },
			func(ctx context.Context, own *world) {
				cluster := databaseOf(ctx, own)
				cluster.Status.ReadyInstances = 2
				Expect(admin.Status().Update(ctx, cluster)).To(Succeed())
			}),
		Entry("pods", v1alpha1.TierDedicatedPods, "grow-pods", func(spec *v1alpha1.PlanSpec) { spec.Runtime.Replicas = 3 },
			func(ctx context.Context, own *world) bool {
				var d appsv1.Deployment
				Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.RuntimeNamespace(own.cell), Name: desired.RuntimeDeployment}, &d)).To(Succeed())
				return *d.Spec.Replicas == 3
			},
			func(context.Context, *world) {}),
	)
})

func databaseOf(ctx context.Context, w *world) *cnpgv1.Cluster {
	GinkgoHelper()
	var cluster cnpgv1.Cluster
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.DatabaseNamespace(w.cell), Name: desired.DatabaseCluster}, &cluster)).To(Succeed())
	return &cluster
}

// followers are a plan of a scene's own and the tenants that have it.
type followers struct {
	*scene
	plan  string
	names []string
	own   *world // of the tenant's own cell, if it has one
	// standstill keeps that world from doing what is due.
	standstill bool
}

// newFollowers makes a plan and shared tenants that are Ready with it.
func (s *scene) newFollowers(ctx context.Context, name string, tenants int) *followers {
	GinkgoHelper()
	plan := starterPlan()
	plan.Name = name
	Expect(admin.Create(ctx, plan)).To(Succeed())
	f := &followers{scene: s, plan: name}
	f.becomes(ctx, v1alpha1.ReasonComplete)
	for i := range tenants {
		t := s.newTenant(fmt.Sprintf("%s-%d", name, i))
		t.Spec.PlanRef = &v1alpha1.PlanReference{Name: name}
		Expect(admin.Create(ctx, t)).To(Succeed())
		f.names = append(f.names, t.Name)
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(t.Status.PlanRevision).To(Equal(rollout.Revision(plan.Spec)))
	}
	return f
}

// newOwner makes a plan and a tenant with a cell of its own that is Ready with it.
func (s *scene) newOwner(ctx SpecContext, name string, tier v1alpha1.Tier) *followers {
	GinkgoHelper()
	plan := dedicatedPlan()
	plan.Name = name
	Expect(admin.Create(ctx, plan)).To(Succeed())
	t, own := s.ownTenant(ctx, name+"-own", tier, admin, func(t *v1alpha1.Tenant) { t.Spec.PlanRef.Name = name })
	f := &followers{scene: s, plan: name, names: []string{t.Name}, own: own}
	f.becomes(ctx, v1alpha1.ReasonComplete)
	Eventually(func(g Gomega) {
		f.reconcile(ctx, g)
		g.Expect(f.tenant(ctx, t.Name).Status.PlanRevision).NotTo(BeEmpty())
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	return f
}

func (f *followers) edit(ctx context.Context, change func(*v1alpha1.PlanSpec)) {
	GinkgoHelper()
	var plan v1alpha1.Plan
	Expect(admin.Get(ctx, client.ObjectKey{Name: f.plan}, &plan)).To(Succeed())
	change(&plan.Spec)
	Expect(admin.Update(ctx, &plan)).To(Succeed())
}

// reconcile lets the world turn and everybody look once.
func (f *followers) reconcile(ctx context.Context, g Gomega) {
	f.world.turn(ctx)
	_, err := f.Plan.Reconcile(ctx, requestFor(f.plan))
	g.Expect(err).NotTo(HaveOccurred())
	if f.own != nil {
		if !f.standstill {
			f.own.turn(ctx)
		}
		_, err := f.cell(ctx, f.own.cell)
		g.Expect(err).NotTo(HaveOccurred())
	}
	for _, name := range f.names {
		_, err := f.scene.tenant(ctx, name)
		g.Expect(err).NotTo(HaveOccurred())
	}
}

// becomes reconciles until the roll-out of the plan as it is now is in a state.
func (f *followers) becomes(ctx context.Context, reason string) *v1alpha1.Plan {
	GinkgoHelper()
	var plan v1alpha1.Plan
	Eventually(func(g Gomega) {
		f.reconcile(ctx, g)
		g.Expect(admin.Get(ctx, client.ObjectKey{Name: f.plan}, &plan)).To(Succeed())
		rolledOut := meta.FindStatusCondition(plan.Status.Conditions, v1alpha1.ConditionRolledOut)
		g.Expect(rolledOut).NotTo(BeNil())
		g.Expect(plan.Status.ObservedGeneration).To(Equal(plan.Generation))
		g.Expect(rolledOut.Reason).To(Equal(reason), rolledOut.Message)
	}).WithTimeout(patience).WithPolling(pace).WithContext(ctx).Should(Succeed())
	return &plan
}

// consistently expects so many Bindings to come to, and stay at, each limit of documents.
func (f *followers) consistently(ctx context.Context, want map[int64]int) {
	GinkgoHelper()
	look := func(g Gomega) {
		f.reconcile(ctx, g)
		got := map[int64]int{}
		for _, name := range f.names {
			b, _ := f.bindingOf(ctx, f.tenant(ctx, name).Status.ID)
			got[b.Limits.Documents]++
		}
		g.Expect(got).To(Equal(want))
	}
	Eventually(look).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	Consistently(look).WithTimeout(500 * time.Millisecond).WithPolling(pace).Should(Succeed())
}

func (f *followers) tenant(ctx context.Context, name string) *v1alpha1.Tenant {
	GinkgoHelper()
	var t v1alpha1.Tenant
	Expect(admin.Get(ctx, client.ObjectKey{Name: name}, &t)).To(Succeed())
	return &t
}

// notReady names the tenants that are not.
func (f *followers) notReady(ctx context.Context) []string {
	GinkgoHelper()
	var names []string
	for _, name := range f.names {
		if !meta.IsStatusConditionTrue(f.tenant(ctx, name).Status.Conditions, v1alpha1.ConditionReady) {
			names = append(names, name)
		}
	}
	return names
}

// settle reconciles until nothing is written any more: a plan writes its numbers
// at the second look at which they are the same. It leaves the clock alone, from
// which conditions do not have their times.
func (f *followers) settle(ctx context.Context) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		f.wire.forget()
		f.reconcile(ctx, g)
		f.reconcile(ctx, g)
		writes, _ := f.wire.seen()
		g.Expect(writes).To(BeEmpty())
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
}

// expectQuiet reconciles everything again: no write, no live read.
func (f *followers) expectQuiet(ctx context.Context) {
	GinkgoHelper()
	f.wire.forget()
	for range 3 {
		f.reconcile(ctx, NewGomega(Fail))
	}
	writes, reads := f.wire.seen()
	Expect(writes).To(BeEmpty(), "a look at a plan without cause wrote")
	Expect(reads).To(BeEmpty(), "a look at a plan without cause read past the caches")
}
