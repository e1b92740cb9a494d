package envtest

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// shows reconciles a tenant, whatever comes of it, until a condition is False for a reason.
func (s *scene) shows(ctx context.Context, name, condition, reason string) *v1alpha1.Tenant {
	GinkgoHelper()
	var t v1alpha1.Tenant
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		_, _ = s.tenant(ctx, name)
		g.Expect(admin.Get(ctx, client.ObjectKey{Name: name}, &t)).To(Succeed())
		g.Expect(stateOf(t.Status.Conditions, condition)).To(Equal("False/"+reason), "%v", t.Status.Conditions)
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	return &t
}

func (s *scene) refused(ctx context.Context, name, condition, says string) {
	GinkgoHelper()
	t := s.shows(ctx, name, condition, v1alpha1.ReasonQuotaExceeded)
	Expect(messageOf(t.Status.Conditions, condition)).To(ContainSubstring(says))
	Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("False/" + v1alpha1.ReasonQuotaExceeded))
}

// deletionNames reconciles a deleted tenant until its status names the blocker.
func (s *scene) deletionNames(ctx context.Context, t *v1alpha1.Tenant, reason string, says ...OmegaMatcher) {
	GinkgoHelper()
	live := s.shows(ctx, t.Name, v1alpha1.ConditionReady, reason)
	Expect(messageOf(live.Status.Conditions, v1alpha1.ConditionReady)).To(And(says...))
	Expect(controllerutil.ContainsFinalizer(live, controllers.Finalizer)).To(BeTrue())
}

func (s *scene) deletionEnds(ctx context.Context, t *v1alpha1.Tenant) {
	GinkgoHelper()
	s.pursue(ctx, func() bool { return s.deletionPass(ctx, t) })
}

func (s *scene) cellDeletionNames(ctx context.Context, c *v1alpha1.Cell, reason string, says ...OmegaMatcher) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		_, _ = s.cell(ctx, c.Name)
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(c), c)).To(Succeed())
		g.Expect(stateOf(c.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("False/"+reason), "%v", c.Status.Conditions)
		g.Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionReady)).To(And(says...))
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
}

func (s *scene) cellDeletionEnds(ctx context.Context, c *v1alpha1.Cell) {
	GinkgoHelper()
	Eventually(func() bool {
		_, err := s.cell(ctx, c.Name)
		return err == nil && gone(ctx, c)
	}).WithTimeout(patience).WithPolling(pace).Should(BeTrue())
}

// expectRetained proves that a tenant's data can be taken up again and nobody is let in meanwhile.
func (s *scene) expectRetained(ctx context.Context, t *v1alpha1.Tenant) {
	GinkgoHelper()
	b, _ := s.bindingOf(ctx, t.Status.ID)
	Expect(b.State).To(Equal(binding.Retained))
	Expect(b.Credentials).To(BeEmpty())
	Expect(s.keys.HasKey(desired.KeyName(t.Status.ID))).To(BeTrue())
}

func (s *scene) expectNoRole(t *v1alpha1.Tenant) {
	GinkgoHelper()
	_, ok := s.keys.Role(desired.VaultRole(t.Status.ID))
	Expect(ok).To(BeFalse())
}

// deletedCell is a cell that was ready, without tenants, and is being deleted.
func (s *scene) deletedCell(ctx context.Context) *v1alpha1.Cell {
	GinkgoHelper()
	s.readyCell(ctx)
	var c v1alpha1.Cell
	Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
	Expect(admin.Delete(ctx, &c)).To(Succeed())
	return &c
}

// loseCell removes a Cell as the loss of etcd would: without the operator.
func (s *scene) loseCell(ctx context.Context, name string) {
	GinkgoHelper()
	var c v1alpha1.Cell
	Expect(admin.Get(ctx, client.ObjectKey{Name: name}, &c)).To(Succeed())
	controllerutil.RemoveFinalizer(&c, controllers.Finalizer)
	Expect(admin.Update(ctx, &c)).To(Succeed())
	Expect(admin.Delete(ctx, &c)).To(Succeed())
}

// readyOwner makes a tenant of a tier with something of its own, and plays its own cell.
func (s *scene) readyOwner(ctx context.Context, name string, tier v1alpha1.Tier) (*v1alpha1.Tenant, *world) {
	GinkgoHelper()
	plan := &v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: "owner"}, Spec: v1alpha1.PlanSpec{
		Tiers:    []v1alpha1.Tier{v1alpha1.TierDedicatedDatabase, v1alpha1.TierDedicatedPods},
		Database: s.newCell("x").Spec.Database, Runtime: s.newCell("x").Spec.Runtime,
	}}
	create(ctx, plan)
	t := s.newTenant(name)
	t.Spec.Tier, t.Spec.PlanRef = tier, &v1alpha1.PlanReference{Name: plan.Name}
	Expect(admin.Create(ctx, t)).To(Succeed())
	own := &world{api: admin, cell: desired.OwnCellName(string(t.UID)), key: binding.KeyOK}
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		own.turn(ctx)
		_, err := s.tenant(ctx, name)
		g.Expect(err).NotTo(HaveOccurred())
		_, err = s.cell(ctx, own.cell)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed())
		g.Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("True/Ready"), "%v", t.Status.Conditions)
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	return t, own
}

// newRemoteTenant is a tenant on a cluster whose kubeconfig nobody has given.
func (s *scene) newRemoteTenant(ctx context.Context, name string) *v1alpha1.Tenant {
	GinkgoHelper()
	t := s.newTenant(name)
	t.Spec.Tier = v1alpha1.TierDedicatedCluster
	t.Spec.Cluster = &v1alpha1.ClusterReference{KubeconfigSecretRef: &v1alpha1.KubeconfigReference{Name: name}}
	Expect(admin.Create(ctx, t)).To(Succeed())
	return t
}
