package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func dedicatedPlan() *v1alpha1.Plan {
	return &v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: "dedicated"}, Spec: v1alpha1.PlanSpec{
		Tiers:    []v1alpha1.Tier{v1alpha1.TierDedicatedDatabase, v1alpha1.TierDedicatedPods, v1alpha1.TierDedicatedCluster},
		Limits:   v1alpha1.Limits{Documents: 5000},
		Database: &v1alpha1.DatabaseSize{Storage: ptr.To(resource.MustParse("2Gi"))},
		Runtime:  &v1alpha1.RuntimeSize{Replicas: 2},
	}}
}

// ownTenant makes a tenant with a cell of its own and brings both to life. The
// world plays that cell's cluster.
func (s *scene) ownTenant(ctx SpecContext, name string, tier v1alpha1.Tier, api client.Client, change func(*v1alpha1.Tenant)) (*v1alpha1.Tenant, *world) {
	GinkgoHelper()
	create(ctx, dedicatedPlan())
	t := s.newTenant(name)
	t.Spec.Tier, t.Spec.PlanRef = tier, &v1alpha1.PlanReference{Name: "dedicated"}
	if change != nil {
		change(t)
	}
	Expect(admin.Create(ctx, t)).To(Succeed())
	own := &world{api: api, cell: desired.OwnCellName(string(t.UID)), key: binding.KeyOK}
	return s.ownBecomes(ctx, name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady), own
}

// ownBecomes reconciles a tenant and its own cell until a condition is as wanted.
func (s *scene) ownBecomes(ctx SpecContext, name string, own *world, condition string, status metav1.ConditionStatus, reason string) *v1alpha1.Tenant {
	GinkgoHelper()
	var t v1alpha1.Tenant
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		own.turn(ctx)
		_, err := s.tenant(ctx, name)
		g.Expect(err).NotTo(HaveOccurred())
		_, err = s.cell(ctx, own.cell)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(admin.Get(ctx, client.ObjectKey{Name: name}, &t)).To(Succeed())
		g.Expect(stateOf(t.Status.Conditions, condition)).To(Equal(stateText(status, reason)), "%v", t.Status.Conditions)
	}).WithTimeout(patience).WithPolling(pace).WithContext(ctx).Should(Succeed())
	return &t
}

// expectQuietOwn proves that a tenant and its own cell have settled.
func (s *scene) expectQuietOwn(ctx SpecContext, own *world, tenant string) {
	GinkgoHelper()
	shared := s.world
	s.world = own
	s.settle(ctx, tenant)
	s.expectQuiet(ctx, tenant)
	s.world = shared
}

func bindingIn(ctx SpecContext, api client.Client, cell, id string) binding.Binding {
	GinkgoHelper()
	var secret corev1.Secret
	Expect(api.Get(ctx, client.ObjectKey{Namespace: desired.RuntimeNamespace(cell), Name: desired.BindingSecret(id)}, &secret)).To(Succeed())
	b, err := binding.Decode(secret.Data[binding.SecretKey])
	Expect(err).NotTo(HaveOccurred())
	return b
}

var _ = Describe("The tier DedicatedDatabase", func() {
	It("has a database of its own, served by the shared cell", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t, own := s.ownTenant(ctx, "db-a", v1alpha1.TierDedicatedDatabase, admin, nil)
		id := t.Status.ID
		Expect(*t.Status.Placement).To(Equal(v1alpha1.Placement{Database: own.cell, Compute: s.world.cell}))

		By("binding the way into that database, and no other")
		b := bindingIn(ctx, admin, s.world.cell, id)
		var app corev1.Secret
		Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.DatabaseNamespace(own.cell), Name: desired.RoleSecretApp}, &app)).To(Succeed())
		Expect(b.Database.Host).To(Equal(desired.DatabaseHost(own.cell)))
		Expect(b.Database.AppPassword).To(Equal(string(app.Data[corev1.BasicAuthPasswordKey])))
		Expect(b.Database.CAPEM).To(ContainSubstring("CERTIFICATE"))

		By("making no runtime namespace, and one door")
		var none corev1.Namespace
		Expect(admin.Get(ctx, client.ObjectKey{Name: desired.RuntimeNamespace(own.cell)}, &none)).NotTo(Succeed())
		door := client.ObjectKey{Namespace: desired.RuntimeNamespace(s.world.cell), Name: "database-" + id}
		Expect(admin.Get(ctx, door, &networkingv1.NetworkPolicy{})).To(Succeed())

		By("keeping the door through the shared cell's own reconcile, and putting it back")
		_, err := s.cell(ctx, s.world.cell)
		Expect(err).NotTo(HaveOccurred())
		Expect(admin.Get(ctx, door, &networkingv1.NetworkPolicy{})).To(Succeed())
		Expect(admin.Delete(ctx, &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: door.Namespace, Name: door.Name}})).To(Succeed())
		s.pursue(ctx, func() bool {
			_, _ = s.tenant(ctx, "db-a")
			return admin.Get(ctx, door, &networkingv1.NetworkPolicy{}) == nil
		})

		s.settle(ctx, "db-a")
		s.expectQuiet(ctx, "db-a")
	})

	It("is retained with its cell asleep, and comes back when adopted", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t, own := s.ownTenant(ctx, "db-b", v1alpha1.TierDedicatedDatabase, admin, nil)
		id := t.Status.ID
		s.deleteTenant(ctx, t)
		Expect(bindingIn(ctx, admin, s.world.cell, id).State).To(Equal(binding.Retained))
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: own.cell}, &c)).To(Succeed())
		Expect(*c.Spec.Retired).To(BeTrue())

		By("refusing to delete the cell without a word that its data may go")
		Expect(admin.Delete(ctx, &c)).To(Succeed())
		s.pursue(ctx, func() bool {
			_, _ = s.cell(ctx, own.cell)
			Expect(admin.Get(ctx, client.ObjectKey{Name: own.cell}, &c)).To(Succeed())
			return stateOf(c.Status.Conditions, v1alpha1.ConditionDeleted) == "False/"+v1alpha1.ReasonCellInUse
		})
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionDeleted)).To(ContainSubstring(v1alpha1.AnnotationDiscardData + "=" + id))
	})

	It("comes back when adopted", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		first, own := s.ownTenant(ctx, "db-c", v1alpha1.TierDedicatedDatabase, admin, nil)
		id := first.Status.ID
		s.deleteTenant(ctx, first)
		second := s.newTenant("db-c")
		second.Spec.Tier, second.Spec.PlanRef, second.Spec.AdoptID = v1alpha1.TierDedicatedDatabase, &v1alpha1.PlanReference{Name: "dedicated"}, id
		Expect(admin.Create(ctx, second)).To(Succeed())
		t := s.ownBecomes(ctx, "db-c", own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(t.Status.ID).To(Equal(id))
		Expect(bindingIn(ctx, admin, s.world.cell, id).State).To(Equal(binding.Active))
	})
})

var _ = Describe("The tier DedicatedPods", func() {
	It("has pods and a database of its own", func(ctx SpecContext) {
		s := newScene(ctx) // no shared cell is needed
		t, own := s.ownTenant(ctx, "pods-a", v1alpha1.TierDedicatedPods, admin, nil)
		id := t.Status.ID
		Expect(*t.Status.Placement).To(Equal(v1alpha1.Placement{Database: own.cell, Compute: own.cell}))
		Expect(t.Status.Endpoint).To(ContainSubstring(desired.RuntimeNamespace(own.cell)))
		Expect(bindingIn(ctx, admin, own.cell, id).Database.Cell).To(BeTrue())
		role, ok := s.keys.Role(desired.VaultRole(id))
		Expect(ok).To(BeTrue())
		Expect(role.Namespace).To(Equal(desired.RuntimeNamespace(own.cell)))
		s.expectQuietOwn(ctx, own, "pods-a")

		By("taking nobody else in")
		Expect(admin.Create(ctx, s.newTenant("pods-guest"))).To(Succeed())
		guest := s.tenantBecomes(ctx, "pods-guest", v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonNoCapacity)
		Expect(messageOf(guest.Status.Conditions, v1alpha1.ConditionPlaced)).NotTo(ContainSubstring(own.cell))

		By("stopping the pods and keeping the rest when the Tenant goes")
		s.pursue(ctx, func() bool {
			own.turn(ctx)
			_ = client.IgnoreNotFound(admin.Delete(ctx, t))
			_, err := s.tenant(ctx, "pods-a")
			return err == nil && gone(ctx, &v1alpha1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "pods-a"}})
		})
		s.pursue(ctx, func() bool {
			_, _ = s.cell(ctx, own.cell)
			return gone(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(own.cell), Name: desired.RuntimeDeployment}})
		})
		Expect(bindingIn(ctx, admin, own.cell, id).State).To(Equal(binding.Retained))
		Expect(s.keys.HasKey(desired.KeyName(id))).To(BeTrue())
	})
})

var _ = Describe("The tier DedicatedCluster", func() {
	It("lives on another cluster, and is left in peace while that is away", func(ctx SpecContext) {
		s := newScene(ctx)
		there := startRemote(ctx)
		there.hasAddresses(ctx)
		token := there.playController(ctx, "bulkhead-manager-token", "bulkhead-manager")
		create(ctx, dedicatedPlan())
		t := s.newTenant("far-a")
		t.Spec.Tier, t.Spec.PlanRef = v1alpha1.TierDedicatedCluster, &v1alpha1.PlanReference{Name: "dedicated"}
		t.Spec.Cluster = &v1alpha1.ClusterReference{KubeconfigSecretRef: &v1alpha1.KubeconfigReference{Name: "far"}}
		Expect(admin.Create(ctx, t)).To(Succeed())

		By("saying which kubeconfig is missing")
		t = s.tenantBecomes(ctx, "far-a", v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonKubeconfigMissing)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionClusterReady)).To(ContainSubstring("bulkhead-clusters/far"))
		Expect(admin.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: desired.ClustersNamespace, Name: "far"},
			Data:       map[string][]byte{"kubeconfig": there.kubeconfig(token)},
		})).To(Succeed())

		By("naming what the cluster lacks")
		t = s.tenantBecomes(ctx, "far-a", v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonPrerequisitesMissing)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionClusterReady)).To(ContainSubstring("bulkhead-vault-reviewer-token"))
		there.playController(ctx, "bulkhead-vault-reviewer-token", "bulkhead-vault-reviewer")

		own := &world{api: there.owner, cell: desired.OwnCellName(string(t.UID)), key: binding.KeyOK}
		t = s.ownBecomes(ctx, "far-a", own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		id := t.Status.ID
		Expect(bindingIn(ctx, there.owner, own.cell, id).State).To(Equal(binding.Active))
		Expect(gone(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: desired.RuntimeNamespace(own.cell)}})).To(BeTrue(), "something of it is on the hub")
		role, _ := s.keys.RoleAt(desired.AuthMount(own.cell), desired.VaultRole(id))
		Expect(role.AuthMount).To(Equal(desired.AuthMount(own.cell)))
		var namespace corev1.Namespace
		Expect(there.owner.Get(ctx, client.ObjectKey{Name: desired.RuntimeNamespace(own.cell)}, &namespace)).To(Succeed())
		Expect(namespace.OwnerReferences).To(BeEmpty())
		s.expectQuietOwn(ctx, own, "far-a")

		By("saying that the cluster is away, and holding nobody else up")
		there.way.close()
		t = s.tenantBecomes(ctx, "far-a", v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonClusterOffline)
		Expect(meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionRuntimeReady)).To(BeTrue(), "what cannot be seen was judged")
		s.readyCell(ctx)
		s.readyTenant(ctx, "near-a")

		By("not taking a deletion for done while its Binding cannot be seen to")
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.clock.advance(61 * time.Second)
		t = s.tenantBecomes(ctx, "far-a", v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonClusterOffline)
		_, ok := s.keys.RoleAt(desired.AuthMount(own.cell), desired.VaultRole(id))
		Expect(ok).To(BeFalse(), "the lease of its data keys does not end access")
		there.way.open()
		s.pursue(ctx, func() bool {
			own.turn(ctx)
			_, err := s.tenant(ctx, "far-a")
			return err == nil && gone(ctx, t)
		})
		Expect(bindingIn(ctx, there.owner, own.cell, id).State).To(Equal(binding.Retained))
	}, SpecTimeout(hang))
})
