package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// newFar is a tenant whose own cluster is there.
func (s *scene) newFar(ctx SpecContext, name string, there *remoteCluster) *v1alpha1.Tenant {
	GinkgoHelper()
	there.hasAddresses(ctx)
	create(ctx, dedicatedPlan())
	token := there.playController(ctx, "bulkhead-manager-token", "bulkhead-manager")
	there.playController(ctx, "bulkhead-vault-reviewer-token", "bulkhead-vault-reviewer")
	Expect(admin.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: desired.ClustersNamespace, Name: name},
		Data:       map[string][]byte{"kubeconfig": there.kubeconfig(token)},
	})).To(Succeed())
	t := s.newTenant(name)
	t.Spec.Tier, t.Spec.PlanRef = v1alpha1.TierDedicatedCluster, &v1alpha1.PlanReference{Name: "dedicated"}
	t.Spec.Cluster = &v1alpha1.ClusterReference{KubeconfigSecretRef: &v1alpha1.KubeconfigReference{Name: name}}
	return t
}

// plant makes, as the owner of a cluster, what looks like a Binding.
func (r *remoteCluster) plant(ctx SpecContext, cell, tenant string, stolen binding.Binding) *corev1.Secret {
	GinkgoHelper()
	Expect(r.owner.DeleteAllOf(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{})).To(Succeed())
	content, err := binding.Encode(stolen)
	Expect(err).NotTo(HaveOccurred())
	secret := desired.BindingSecretObject(cell, "11111111-2222-4333-8444-555555555555", tenant, content)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: secret.Namespace, Labels: map[string]string{
		desired.LabelManagedBy: desired.ManagedBy, desired.LabelPart: desired.PartRuntime, desired.LabelCell: cell,
	}}}
	Eventually(func() error { return r.owner.Create(ctx, namespace) }).WithTimeout(patience).Should(Succeed()) // the policy lasts a moment
	Expect(r.owner.Create(ctx, secret)).To(Succeed())
	return secret
}

var _ = Describe("The owner of a tenant's own cluster", func() {
	It("cannot claim another customer's identity by what he writes there", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		victim, own := s.ownTenant(ctx, "planted-victim", v1alpha1.TierDedicatedPods, admin, nil)
		stolen := bindingIn(ctx, admin, own.cell, victim.Status.ID)
		shared := s.world
		s.world = own
		s.deleteTenant(ctx, victim)
		s.world = shared

		there := startRemote(ctx)
		t := s.newFar(ctx, "planted-a", there)
		planted := there.plant(ctx, "plant", t.Name, stolen)
		Expect(admin.Create(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionPlaced, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(t.Status.ID).To(Equal(string(t.UID)))
		var retired v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: own.cell}, &retired)).To(Succeed())
		Expect(*retired.Spec.Retired).To(BeTrue(), "the other customer's database was woken")

		By("and makes the operator watch no namespace but the tenant's own")
		cluster, err := s.Clusters.Of(ctx, t.Spec.Cluster, desired.OwnCellName(t.Status.ID))
		Expect(err).NotTo(HaveOccurred())
		Expect(cluster.Caches.IsOpen(planted.Namespace, &corev1.Secret{})).To(BeFalse())

		By("nor get it when somebody asks for it there by mistake")
		thief := s.newTenant("planted-b")
		thief.Spec = *t.Spec.DeepCopy()
		thief.Spec.AdoptID = victim.Status.ID
		Expect(admin.Create(ctx, thief)).To(Succeed())
		thief = s.tenantBecomes(ctx, thief.Name, v1alpha1.ConditionClusterReady, metav1.ConditionFalse, v1alpha1.ReasonMoveRequired)
		Expect(messageOf(thief.Status.Conditions, v1alpha1.ConditionClusterReady)).To(ContainSubstring("is not on the cluster of spec.cluster"))
		Expect(admin.Get(ctx, client.ObjectKey{Name: own.cell}, &retired)).To(Succeed())
		Expect(*retired.Spec.Retired).To(BeTrue())
	}, SpecTimeout(hang))
})
