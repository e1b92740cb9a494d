package envtest

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/test/kube"
)

// Against the definitions that Cluster API ships. Its controllers are played.
var _ = Describe("Cluster API", Ordered, func() {
	It("is asked for where there is none", func(ctx SpecContext) {
		s := newScene(ctx)
		t := s.newClusterAPITenant(ctx, "capi-none", nil)
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonClusterAPIMissing)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(And(
			ContainSubstring("cluster.x-k8s.io/v1beta2"), ContainSubstring("install"), ContainSubstring("spec.cluster.kubeconfigSecretRef")))

		By("installing it")
		definitions, err := kube.ClusterAPI(ctx)
		Expect(err).NotTo(HaveOccurred())
		_, err = envtest.InstallCRDs(adminConfig, envtest.CRDInstallOptions{Paths: definitions, ErrorIfPathMissing: true})
		Expect(err).NotTo(HaveOccurred())
		s.provisioning(ctx, t, ContainSubstring("has not begun"))
	}, SpecTimeout(hang))

	It("makes the cluster that a tenant lives on from then on", func(ctx SpecContext) {
		s := newScene(ctx)
		there := startRemote(ctx)
		there.hasAddresses(ctx)
		there.playController(ctx, "bulkhead-vault-reviewer-token", "bulkhead-vault-reviewer")
		t := s.newClusterAPITenant(ctx, "capi-a", func(c *v1alpha1.ClusterAPI) {
			c.ControlPlaneReplicas, c.WorkerClass, c.WorkerReplicas = 3, "large", 2
			c.Variables = []v1alpha1.ClusterVariable{
				{Name: "region", Value: &apiextensionsv1.JSON{Raw: []byte(`"eu-west-1"`)}},
				{Name: "network", Value: &apiextensionsv1.JSON{Raw: []byte(`{"cidr":"10.0.0.0/8","zones":3}`)}},
			}
		})
		own := &world{api: there.owner, cell: desired.OwnCellName(string(t.UID)), key: binding.KeyOK}

		By("asking for exactly that cluster")
		s.provisioning(ctx, t, ContainSubstring("has not begun"))
		made := clusterNamed(ctx, own.cell)
		Expect(made.Object["spec"]).To(Equal(map[string]any{"topology": map[string]any{
			"classRef":     map[string]any{"name": "quick"},
			"version":      "v1.35.1",
			"controlPlane": map[string]any{"replicas": int64(3)},
			"workers": map[string]any{"machineDeployments": []any{
				map[string]any{"name": "workers", "class": "large", "replicas": int64(2)},
			}},
			"variables": []any{
				map[string]any{"name": "region", "value": "eu-west-1"},
				map[string]any{"name": "network", "value": map[string]any{"cidr": "10.0.0.0/8", "zones": int64(3)}},
			},
		}}))
		Expect(made.GetOwnerReferences()).To(BeEmpty(), "it would go with its owner")
		s.expectQuietOwn(ctx, own, t.Name)

		By("saying what Cluster API waits for")
		playClusterAPI(ctx, own.cell, "TopologyReconciled", "ReconcileFailed", `ClusterClass.cluster.x-k8s.io "quick" not found`)
		s.provisioning(ctx, t, And(ContainSubstring(`"quick" not found`), ContainSubstring("correct the ClusterClass bulkhead-clusters/quick, or apply it")))
		playClusterAPI(ctx, own.cell, "Available", "NotAvailable", "* ControlPlaneAvailable: Control plane not yet initialized")
		s.provisioning(ctx, t, ContainSubstring("Control plane not yet initialized"))

		By("leaving to others what they add")
		Expect(unstructured.SetNestedSlice(made.Object, append(workersOf(made), map[string]any{"name": "gpu", "class": "gpu"}), "spec", "topology", "workers", "machineDeployments")).To(Succeed())
		made.SetResourceVersion("")
		made.SetManagedFields(nil)
		Expect(admin.Patch(ctx, made, client.Merge)).To(Succeed())
		s.expectQuietOwn(ctx, own, t.Name)
		Expect(workersOf(clusterNamed(ctx, own.cell))).To(HaveLen(2))

		By("building the cell there, with no more rights than the cluster's owner gives")
		handOverKubeconfig(ctx, own.cell, there.administrators(there.way))
		t = s.ownBecomes(ctx, t.Name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		id := t.Status.ID
		Expect(bindingIn(ctx, there.owner, own.cell, id).State).To(Equal(binding.Active))
		Expect(gone(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: desired.RuntimeNamespace(own.cell)}})).To(BeTrue(), "something of it is on the hub")
		var access rbacv1.RoleBinding
		Expect(there.owner.Get(ctx, client.ObjectKey{Namespace: desired.RuntimeNamespace(own.cell), Name: "manager"}, &access)).To(Succeed())
		Expect(access.Subjects).To(ConsistOf(desired.ServiceAccount(desired.SystemNamespace, "bulkhead-manager")))
		s.expectQuietOwn(ctx, own, t.Name)

		By("taking up a kubeconfig that was rotated, without a moment of doubt")
		other := newGate(there.way.target)
		DeferCleanup(other.close)
		handOverKubeconfig(ctx, own.cell, there.administrators(other))
		s.pursue(ctx, func() bool {
			own.turn(ctx)
			_, err := s.tenant(ctx, t.Name)
			Expect(err).NotTo(HaveOccurred())
			_, err = s.cell(ctx, own.cell)
			Expect(err).NotTo(HaveOccurred())
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed())
			Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("True/Ready"))
			mount, _ := s.keys.Mount(desired.AuthMount(own.cell))
			return mount.Host == "https://"+other.address
		})
		there.way.close()
		s.ownBecomes(ctx, t.Name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

		By("finding it again after a restore with a new UID and no status")
		before := bindingIn(ctx, there.owner, own.cell, id)
		s.vanish(ctx, t)
		s.restart()
		t = s.newClusterAPITenant(ctx, t.Name, func(c *v1alpha1.ClusterAPI) { *c = *t.Spec.Cluster.ClusterAPI })
		t = s.ownBecomes(ctx, t.Name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(t.Status.ID).To(Equal(id))
		Expect(bindingIn(ctx, there.owner, own.cell, id)).To(Equal(before))
		Expect(clusterNames(ctx)).NotTo(ContainElement(desired.OwnCellName(string(t.UID))))

		By("keeping everything when the Tenant goes, and saying so")
		s.pursue(ctx, func() bool {
			own.turn(ctx)
			_ = client.IgnoreNotFound(admin.Delete(ctx, t))
			_, err := s.tenant(ctx, t.Name)
			return err == nil && gone(ctx, t)
		})
		Expect(clusterNames(ctx)).To(ContainElement(own.cell))
		Expect(bindingIn(ctx, there.owner, own.cell, id).State).To(Equal(binding.Retained))
		Eventually(func() []string { return notesOf(ctx, t) }).WithTimeout(patience).Should(ContainElement(
			And(ContainSubstring("the Cluster bulkhead-clusters/"+own.cell), ContainSubstring("are kept"))))
		s.clusterCondition(ctx, own.cell, "True/"+v1alpha1.ReasonRetired, ContainSubstring("delete it by hand once the data may go"))

		By("asking whether a tenant of that name is the same customer, before another cluster is made")
		s.newClusterAPITenant(ctx, t.Name, func(c *v1alpha1.ClusterAPI) { *c = *t.Spec.Cluster.ClusterAPI })
		next := s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonNameRetained)
		Expect(messageOf(next.Status.Conditions, v1alpha1.ConditionPlaced)).To(ContainSubstring("spec.adoptID: " + id))
		next.Spec.AdoptID = id
		Expect(admin.Update(ctx, next)).To(Succeed())
		next = s.ownBecomes(ctx, t.Name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(clusterNames(ctx)).NotTo(ContainElement(desired.OwnCellName(string(next.UID))))

		By("going on without a Cluster that was moved away, and making none anew")
		Expect(admin.Delete(ctx, clusterNamed(ctx, own.cell))).To(Succeed())
		s.clusterCondition(ctx, own.cell, "True/"+v1alpha1.ReasonClusterGone, ContainSubstring("is not made anew"))
		s.ownBecomes(ctx, t.Name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(admin.Delete(ctx, kubeconfigSecret(own.cell))).To(Succeed())
		next = s.ownBecomes(ctx, t.Name, own, v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonClusterGone)
		for _, condition := range []string{v1alpha1.ConditionPlaced, v1alpha1.ConditionKeyReady, v1alpha1.ConditionRuntimeReady} {
			Expect(stateOf(next.Status.Conditions, condition)).To(Equal("True/Ready"), "what cannot be seen was judged: %s", condition)
		}
		Expect(clusterNames(ctx)).NotTo(ContainElement(own.cell))
	}, SpecTimeout(hang))

	It("does not take what somebody else made", func(ctx SpecContext) {
		s := newScene(ctx)
		t := s.newClusterAPITenant(ctx, "capi-foreign", nil)
		name := desired.OwnCellName(string(t.UID))
		foreign := newCluster(name)
		Expect(unstructured.SetNestedField(foreign.Object, true, "spec", "paused")).To(Succeed())
		Expect(admin.Create(ctx, foreign)).To(Succeed())
		handOverKubeconfig(ctx, name, []byte("somebody else's"))
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonForeignObject)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(And(
			ContainSubstring("Cluster bulkhead-clusters/"+name), ContainSubstring("remove it")))
		Expect(clusterNamed(ctx, name)).To(Equal(foreign), "it was touched")

		By("going on when it is gone")
		Expect(admin.Delete(ctx, foreign)).To(Succeed())
		Expect(admin.Delete(ctx, kubeconfigSecret(name))).To(Succeed())
		s.provisioning(ctx, t, ContainSubstring("has not begun"))

		By("saying so of a cell that exists, too")
		stolen := clusterNamed(ctx, name)
		stolen.SetLabels(nil)
		Expect(admin.Update(ctx, stolen)).To(Succeed())
		s.clusterNotReady(ctx, t, v1alpha1.ReasonForeignObject, ContainSubstring("remove it"))
	}, SpecTimeout(hang))

	It("that refuses is quoted, and makes nothing for a tenant that is gone", func(ctx SpecContext) {
		s := newScene(ctx)
		allow := deny(ctx, denial{"no-clusters", desired.ClustersNamespace, clusterAPIGroup, "clusters", "CREATE"})
		t := s.newClusterAPITenant(ctx, "capi-refused", nil)
		name := desired.OwnCellName(string(t.UID))
		s.clusterNotReady(ctx, t, v1alpha1.ReasonAdmissionDenied, And(
			ContainSubstring("Cluster bulkhead-clusters/"+name), ContainSubstring("'no-clusters' denied request: no"), ContainSubstring("in a new Tenant")))
		s.deleteTenant(ctx, t)
		allow()
		s.clusterCondition(ctx, name, "False/"+v1alpha1.ReasonRetired, ContainSubstring("was deleted before"))
		Expect(clusterNames(ctx)).NotTo(ContainElement(name))

		By("taking the name for free, as nothing was ever kept under it")
		s.provisioning(ctx, s.newClusterAPITenant(ctx, t.Name, nil), ContainSubstring("has not begun"))
	}, SpecTimeout(hang))

	It("is found again while it makes the cluster", func(ctx SpecContext) {
		s := newScene(ctx)
		first := s.newClusterAPITenant(ctx, "capi-early", nil)
		s.provisioning(ctx, first, ContainSubstring("has not begun"))
		s.vanish(ctx, first)
		s.restart()
		second := s.newClusterAPITenant(ctx, "capi-early", nil)
		second = s.tenantBecomes(ctx, second.Name, v1alpha1.ConditionPlaced, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(second.Status.ID).To(Equal(string(first.UID)))
		Expect(clusterNames(ctx)).NotTo(ContainElement(desired.OwnCellName(string(second.UID))))

		By("deleting it")
		s.deleteTenant(ctx, second)
		Expect(clusterNames(ctx)).To(ContainElement(desired.OwnCellName(string(first.UID))))
	}, SpecTimeout(hang))

	DescribeTable("gives the operator rights that are enough and no more",
		func(ctx SpecContext, allowed bool, rights ...right) {
			expectRights(ctx, admin, operatorUser, allowed, rights...)
		},
		Entry("to have clusters made", true,
			right{verb: "get", group: clusterAPIGroup, resource: "clusters", namespace: desired.ClustersNamespace},
			right{verb: "list", group: clusterAPIGroup, resource: "clusters", namespace: desired.ClustersNamespace},
			right{verb: "watch", group: clusterAPIGroup, resource: "clusters", namespace: desired.ClustersNamespace},
			right{verb: "create", group: clusterAPIGroup, resource: "clusters", namespace: desired.ClustersNamespace},
			right{verb: "patch", group: clusterAPIGroup, resource: "clusters", namespace: desired.ClustersNamespace},
			right{verb: "watch", resource: "secrets", namespace: desired.ClustersNamespace}),
		Entry("to destroy none, and see nothing else", false,
			right{verb: "delete", group: clusterAPIGroup, resource: "clusters", namespace: desired.ClustersNamespace},
			right{verb: "deletecollection", group: clusterAPIGroup, resource: "clusters", namespace: desired.ClustersNamespace},
			right{verb: "update", group: clusterAPIGroup, resource: "clusters", namespace: desired.ClustersNamespace},
			right{verb: "list", group: clusterAPIGroup, resource: "clusters"},
			right{verb: "create", group: clusterAPIGroup, resource: "clusters", namespace: "default"},
			right{verb: "patch", group: clusterAPIGroup, resource: "clusterclasses", namespace: desired.ClustersNamespace},
			right{verb: "list", group: clusterAPIGroup, resource: "machines", namespace: desired.ClustersNamespace},
			right{verb: "create", resource: "secrets", namespace: desired.ClustersNamespace},
			right{verb: "patch", resource: "secrets", namespace: desired.ClustersNamespace},
			right{verb: "delete", resource: "secrets", namespace: desired.ClustersNamespace}),
	)
})

const clusterAPIGroup = "cluster.x-k8s.io"

// newClusterAPITenant makes a tenant whose cluster Cluster API is to make.
func (s *scene) newClusterAPITenant(ctx context.Context, name string, change func(*v1alpha1.ClusterAPI)) *v1alpha1.Tenant {
	GinkgoHelper()
	create(ctx, dedicatedPlan())
	t := s.newTenant(name)
	t.Spec.Tier, t.Spec.PlanRef = v1alpha1.TierDedicatedCluster, &v1alpha1.PlanReference{Name: "dedicated"}
	wanted := &v1alpha1.ClusterAPI{Class: "quick", Version: "v1.35.1"}
	if change != nil {
		change(wanted)
	}
	t.Spec.Cluster = &v1alpha1.ClusterReference{ClusterAPI: wanted}
	Expect(admin.Create(ctx, t)).To(Succeed())
	return t
}

// provisioning reconciles a tenant and its own cell until both say what is awaited
// of Cluster API.
func (s *scene) provisioning(ctx context.Context, t *v1alpha1.Tenant, says OmegaMatcher) {
	GinkgoHelper()
	s.clusterNotReady(ctx, t, v1alpha1.ReasonClusterProvisioning, says)
}

func (s *scene) clusterNotReady(ctx context.Context, t *v1alpha1.Tenant, reason string, says OmegaMatcher) {
	GinkgoHelper()
	var own v1alpha1.Cell
	Eventually(func(g Gomega) {
		_, err := s.tenant(ctx, t.Name)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed())
		_, err = s.cell(ctx, desired.OwnCellName(string(t.UID)))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(admin.Get(ctx, client.ObjectKey{Name: desired.OwnCellName(string(t.UID))}, &own)).To(Succeed())
		for _, conditions := range [][]metav1.Condition{t.Status.Conditions, own.Status.Conditions} {
			g.Expect(stateOf(conditions, v1alpha1.ConditionClusterReady)).To(Equal("False/" + reason))
			g.Expect(messageOf(conditions, v1alpha1.ConditionClusterReady)).To(says)
			g.Expect(stateOf(conditions, v1alpha1.ConditionReady)).To(Equal("False/" + reason))
		}
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
}

// clusterCondition reconciles a cell until it says so of its cluster.
func (s *scene) clusterCondition(ctx context.Context, cell, state string, says OmegaMatcher) {
	GinkgoHelper()
	var c v1alpha1.Cell
	Eventually(func(g Gomega) {
		_, err := s.cell(ctx, cell)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(admin.Get(ctx, client.ObjectKey{Name: cell}, &c)).To(Succeed())
		g.Expect(stateOf(c.Status.Conditions, v1alpha1.ConditionClusterReady)).To(Equal(state), "%v", c.Status.Conditions)
		g.Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionClusterReady)).To(says)
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
}

// notesOf are what was told of a tenant in Events.
func notesOf(ctx context.Context, t *v1alpha1.Tenant) []string {
	GinkgoHelper()
	var events eventsv1.EventList
	Expect(admin.List(ctx, &events)).To(Succeed())
	var notes []string
	for i := range events.Items {
		if events.Items[i].Regarding.Name == t.Name {
			notes = append(notes, events.Items[i].Note)
		}
	}
	return notes
}
