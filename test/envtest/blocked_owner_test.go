package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

var _ = Describe("The deletion of a tenant with a cluster of its own", func() {
	It("does not wait for a cluster in which nothing was made", func(ctx SpecContext) {
		s := newScene(ctx)
		t := s.newRemoteTenant(ctx, "far-a")
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonKubeconfigMissing)
		s.deleteTenant(ctx, t)
		Expect(s.keys.Calls()).To(BeZero())
	})

	It("names the cluster that it cannot see, and takes the Vault role meanwhile", func(ctx SpecContext) {
		s := newScene(ctx)
		t := s.newRemoteTenant(ctx, "far-b")
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonKubeconfigMissing)
		By("having been served there")
		id := string(t.UID)
		t.Status.ID = id
		Expect(admin.Status().Update(ctx, t)).To(Succeed())
		own, mount := s.servedFar(ctx, t, id, t.Spec.Cluster)

		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionNames(ctx, t, v1alpha1.ReasonKubeconfigMissing, ContainSubstring(desired.ClustersNamespace+"/far-b"))
		s.clock.advance(61 * time.Second)
		s.pursue(ctx, func() bool {
			_, err := s.tenant(ctx, t.Name)
			Expect(err).NotTo(HaveOccurred())
			_, ok := s.keys.RoleAt(mount, desired.VaultRole(id))
			return !ok
		})
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed(), "gone before its Binding was seen to")

		By("its cell, which says that the tenant was deleted, and waits as well")
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(own), own)).To(Succeed())
		Expect(own.Spec.Retired).To(HaveValue(BeTrue()))
		controllerutil.AddFinalizer(own, controllers.Finalizer)
		Expect(admin.Update(ctx, own)).To(Succeed())
		Expect(admin.Delete(ctx, own)).To(Succeed())
		s.cellDeletionNames(ctx, own, v1alpha1.ReasonKubeconfigMissing, ContainSubstring(desired.ClustersNamespace+"/far-b"), ContainSubstring(v1alpha1.AnnotationDiscardData))

		By("both going when a human gives up the data, as the way to the cluster was given up")
		own.Annotations = map[string]string{v1alpha1.AnnotationDiscardData: id}
		Expect(admin.Update(ctx, own)).To(Succeed())
		s.cellDeletionNames(ctx, own, v1alpha1.ReasonCellInUse, ContainSubstring("the Tenant far-b"))
		s.deletionEnds(ctx, t)
		s.cellDeletionEnds(ctx, own)
	})
})

// servedFar makes what is on the hub of a tenant that is served in another cluster.
func (s *scene) servedFar(ctx SpecContext, t *v1alpha1.Tenant, id string, cluster *v1alpha1.ClusterReference) (own *v1alpha1.Cell, mount string) {
	GinkgoHelper()
	own = &v1alpha1.Cell{
		ObjectMeta: metav1.ObjectMeta{Name: desired.OwnCellName(id), Labels: map[string]string{desired.LabelManagedBy: desired.ManagedBy, desired.LabelTenant: t.Name}},
		Spec:       v1alpha1.CellSpec{TenantID: id, Capacity: 1, Cluster: cluster, Runtime: &v1alpha1.RuntimeSize{Replicas: 1}},
	}
	Expect(admin.Create(ctx, own)).To(Succeed())
	own.Status.Namespaces = []v1alpha1.OwnedNamespace{{Name: desired.RuntimeNamespace(own.Name), UID: "5f1c2d3e"}}
	Expect(admin.Status().Update(ctx, own)).To(Succeed())
	mount = desired.AuthMount(own.Name)
	Expect(s.keys.EnsureAuthMount(ctx, vault.Mount{Path: mount})).To(Succeed())
	Expect(s.keys.Ensure(ctx, vault.Spec{Key: desired.KeyName(id), Role: desired.VaultRole(id), AuthMount: mount})).To(Succeed())
	return own, mount
}

var _ = Describe("The deletion of a tenant whose object says too little of its own cluster", func() {
	DescribeTable("goes by its Cell", func(ctx SpecContext, name, id string, change func(t *v1alpha1.Tenant) (status string)) {
		s := newScene(ctx)
		t := s.newTenant(name)
		cluster := &v1alpha1.ClusterReference{KubeconfigSecretRef: &v1alpha1.KubeconfigReference{Name: name}}
		t.Spec.Tier, t.Spec.Cluster = v1alpha1.TierDedicatedCluster, cluster
		status := change(t)
		t.Finalizers = []string{controllers.Finalizer}
		Expect(admin.Create(ctx, t)).To(Succeed())
		if status != "" {
			t.Status.ID = status
			Expect(admin.Status().Update(ctx, t)).To(Succeed())
		}
		_, mount := s.servedFar(ctx, t, id, cluster)
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionNames(ctx, t, v1alpha1.ReasonKubeconfigMissing, ContainSubstring(desired.ClustersNamespace+"/"+name))
		s.clock.advance(61 * time.Second)
		s.pursue(ctx, func() bool {
			_, err := s.tenant(ctx, t.Name)
			Expect(err).NotTo(HaveOccurred())
			_, ok := s.keys.RoleAt(mount, desired.VaultRole(id))
			return !ok
		})
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed(), "gone before its Binding was seen to")
	},
		Entry("when its cluster is not in the spec any more", "far-spec", "7d3c1d1e-0000-4000-8000-000000000001", func(t *v1alpha1.Tenant) string {
			t.Spec.Tier, t.Spec.Cluster = v1alpha1.TierShared, nil
			return "7d3c1d1e-0000-4000-8000-000000000001"
		}),
		Entry("when a restore lost its status and its UID", "far-lost", "7d3c1d1e-0000-4000-8000-000000000002", func(*v1alpha1.Tenant) string { return "" }),
	)
})

var _ = Describe("The deletion of a tenant with cells of its own", func() {
	It("shuts the way to its database and retires its cell, which is never deleted", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t, own := s.readyOwner(ctx, "own-db-a", v1alpha1.TierDedicatedDatabase)
		door := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(s.world.cell), Name: "database-" + t.Status.ID}}
		s.pursue(ctx, func() bool { _, _ = s.tenant(ctx, t.Name); return !gone(ctx, door) })
		s.deleteTenant(ctx, t)
		Expect(gone(ctx, door)).To(BeTrue())
		s.expectRetained(ctx, t)
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: own.cell}, &c)).To(Succeed())
		Expect(c.DeletionTimestamp).To(BeNil())
		Expect(*c.Spec.Retired).To(BeTrue())
		Expect(gone(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: desired.DatabaseNamespace(own.cell)}})).To(BeFalse())
	})

	It("stays named until somebody lets its cell be retired", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t, own := s.readyOwner(ctx, "own-pods-a", v1alpha1.TierDedicatedPods)
		allow := deny(ctx, denial{"keep-cells", "", "bulkhead.dev", "cells", "UPDATE"})
		s.world = own
		Expect(admin.Delete(ctx, t)).To(Succeed())
		s.deletionNames(ctx, t, v1alpha1.ReasonAdmissionDenied, ContainSubstring("the tenant's own Cell"), ContainSubstring("keep-cells"))
		s.expectRetained(ctx, t)
		allow()
		s.deletionEnds(ctx, t)
	})
})

// These take CloudNativePG's definition away from everybody, and put it back.
var _ = Describe("Without CloudNativePG", Serial, func() {
	var restore func(ctx SpecContext)

	remove := func(ctx SpecContext) {
		GinkgoHelper()
		crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "clusters.postgresql.cnpg.io"}}
		Expect(admin.Delete(ctx, crd)).To(Succeed())
		Eventually(func() bool { return gone(ctx, crd) }).WithTimeout(patience).Should(BeTrue())
		restored := false
		restore = func(ctx SpecContext) {
			if !restored {
				_, err := envtest.InstallCRDs(adminConfig, envtest.CRDInstallOptions{Paths: cnpgCRDs(ctx), ErrorIfPathMissing: true})
				Expect(err).NotTo(HaveOccurred())
			}
			restored = true
		}
		DeferCleanup(func(ctx SpecContext) { restore(ctx) })
	}

	DescribeTable("a deleted tenant's own pods stop, and its cell says why the database does not sleep yet", func(ctx SpecContext, name string, restarted bool, reason, says string) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t, own := s.readyOwner(ctx, name, v1alpha1.TierDedicatedPods)
		s.world = own
		remove(ctx)
		own.withoutDatabase = true
		if restarted {
			s.restart()
		}
		s.deleteTenant(ctx, t)
		c := s.cellBecomes(ctx, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, reason)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionDatabaseReady)).To(ContainSubstring(says))
		Expect(stateOf(c.Status.Conditions, v1alpha1.ConditionRuntimeReady)).To(Equal("True/Retired"))
		s.expectRetained(ctx, t)

		restore(ctx)
		own.withoutDatabase = false
		c = s.cellBecomes(ctx, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseGone)
		c.Annotations = map[string]string{v1alpha1.AnnotationReplaceDatabase: c.Status.DatabaseUID}
		Expect(admin.Update(ctx, c)).To(Succeed())
		s.cellBecomes(ctx, v1alpha1.ConditionDatabaseReady, metav1.ConditionTrue, v1alpha1.ReasonRetired)
	},
		Entry("seen to go", "nocnpg-own-a", false, v1alpha1.ReasonDatabaseGone, v1alpha1.AnnotationReplaceDatabase),
		Entry("gone before a restart", "nocnpg-own-b", true, v1alpha1.ReasonDatabaseOperatorMissing, "install"),
	)

	It("a cell is deleted all the same", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		remove(ctx)
		s.world.withoutDatabase = true
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		Expect(admin.Delete(ctx, &c)).To(Succeed())
		s.cellDeletionNames(ctx, &c, v1alpha1.ReasonNamespaceTerminating, ContainSubstring(desired.DatabaseNamespace(c.Name)))
		s.finish(ctx, desired.DatabaseNamespace(c.Name))
		s.finish(ctx, desired.RuntimeNamespace(c.Name))
		s.cellDeletionEnds(ctx, &c)
	})
})
