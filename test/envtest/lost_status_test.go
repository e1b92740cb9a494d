package envtest

import (
	"context"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// A backup is restored: the Tenant has a new UID and no status.
var _ = Describe("A tenant with a cell of its own that lost its status", func() {
	DescribeTable("finds everything again", func(ctx SpecContext, name string, tier v1alpha1.Tier) {
		s := newScene(ctx)
		s.readyCell(ctx)
		first, own := s.ownTenant(ctx, name, tier, admin, nil)
		neighbour, _ := s.ownTenant(ctx, name+"-next", tier, admin, nil)
		serving, id := first.Status.Placement.Compute, first.Status.ID
		before, theirs := keepsakesOf(ctx, first), keepsakesOf(ctx, neighbour)
		s.vanish(ctx, first)
		s.restart()

		s.anew(ctx, first, nil)
		second := s.ownBecomes(ctx, name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(second.UID).NotTo(Equal(first.UID))
		Expect(second.Status.ID).To(Equal(id))
		Expect(second.Status.Placement.Compute).To(Equal(serving))
		Expect(keepsakesOf(ctx, second)).To(Equal(before), "its database, its credential or its Binding is another one")
		Expect(keepsakesOf(ctx, neighbour)).To(Equal(theirs), "somebody else's was touched")
		Expect(cellsOf(ctx, name)).To(ConsistOf(own.cell))

		By("losing the status again, and the Binding with it")
		s.vanish(ctx, second)
		Expect(admin.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(serving), Name: desired.BindingSecret(id)}})).To(Succeed())
		s.restart()
		s.anew(ctx, first, nil)
		third := s.ownBecomes(ctx, name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(third.Status.ID).To(Equal(id))
		Expect(keepsakesOf(ctx, third).database).To(Equal(before.database))
		Expect(cellsOf(ctx, name)).To(ConsistOf(own.cell))

		By("being deleted before its status is written, with its credential collected")
		s.vanish(ctx, third)
		Expect(admin.Delete(ctx, s.credentialOf(ctx, name))).To(Succeed())
		s.restart()
		fourth := s.anew(ctx, first, func(t *v1alpha1.Tenant) { t.Finalizers = []string{"bulkhead.dev/finalizer"} })
		Expect(admin.Delete(ctx, fourth)).To(Succeed())
		s.pursue(ctx, func() bool {
			own.turn(ctx)
			return s.deletionPass(ctx, fourth)
		})
		Expect(bindingIn(ctx, admin, serving, id).State).To(Equal(binding.Retained))
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: own.cell}, &c)).To(Succeed())
		Expect(*c.Spec.Retired).To(BeTrue())
		Expect(keepsakesOf(ctx, neighbour)).To(Equal(theirs), "somebody else's was touched")
	},
		Entry("of the tier DedicatedDatabase", "lost-db", v1alpha1.TierDedicatedDatabase, SpecTimeout(hang)),
		Entry("of the tier DedicatedPods", "lost-pods", v1alpha1.TierDedicatedPods, SpecTimeout(hang)),
	)

	It("before its Binding was made, makes no second database", func(ctx SpecContext) {
		s := newScene(ctx)
		first, own := s.unfinished(ctx, "lost-early")
		s.vanish(ctx, first)
		s.restart()
		s.anew(ctx, first, nil)
		own.withoutDatabase = false
		second := s.ownBecomes(ctx, first.Name, own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(second.Status.ID).To(Equal(string(first.UID)))
		Expect(cellsOf(ctx, first.Name)).To(ConsistOf(own.cell))
	}, SpecTimeout(hang))

	It("is not mistaken for one of another tier, or of another name", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		first, own := s.unfinished(ctx, "lost-other")
		s.vanish(ctx, first)
		s.restart()
		shared := s.newTenant(first.Name)
		Expect(admin.Create(ctx, shared)).To(Succeed())
		shared = s.tenantBecomes(ctx, first.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonMoveRequired)
		Expect(messageOf(shared.Status.Conditions, v1alpha1.ConditionPlaced)).To(ContainSubstring(own.cell))
		s.vanish(ctx, shared)
		stranger, _ := s.ownTenant(ctx, "lost-stranger", v1alpha1.TierDedicatedPods, admin, nil)
		Expect(stranger.Status.ID).To(Equal(string(stranger.UID)))
	}, SpecTimeout(hang))

	It("leaves a cell to whom adopted it, whatever name it had", func(ctx SpecContext) {
		s := newScene(ctx)
		first, own := s.ownTenant(ctx, "lost-was", v1alpha1.TierDedicatedPods, admin, nil)
		id := first.Status.ID
		s.vanish(ctx, first)
		s.restart()
		s.anew(ctx, first, func(t *v1alpha1.Tenant) { t.Name, t.Spec.AdoptID = "lost-is", id })
		heir := s.ownBecomes(ctx, "lost-is", own, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(heir.Status.ID).To(Equal(id))
		Expect(cellsOf(ctx, "lost-is")).To(ConsistOf(own.cell))
		theirs := keepsakesOf(ctx, heir)

		By("a new customer of the old name, once the old one's credential is out of the way")
		Expect(admin.Delete(ctx, s.credentialOf(ctx, first.Name))).To(Succeed())
		second := s.anew(ctx, first, nil)
		fresh := &world{api: admin, cell: desired.OwnCellName(string(second.UID)), key: binding.KeyOK}
		second = s.ownBecomes(ctx, first.Name, fresh, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(second.Status.ID).To(Equal(string(second.UID)))
		Expect(keepsakesOf(ctx, heir)).To(Equal(theirs))
	}, SpecTimeout(hang))
})

// keepsakes are what a tenant has to find again, and nobody else may touch.
type keepsakes struct {
	cell     types.UID
	database types.UID
	binding  binding.Binding
	apiKey   string
}

func keepsakesOf(ctx context.Context, t *v1alpha1.Tenant) keepsakes {
	GinkgoHelper()
	cell := desired.OwnCellName(t.Status.ID)
	var c v1alpha1.Cell
	Expect(admin.Get(ctx, client.ObjectKey{Name: cell}, &c)).To(Succeed())
	var database cnpgv1.Cluster
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.DatabaseNamespace(cell), Name: desired.DatabaseCluster}, &database)).To(Succeed())
	var secret, credential corev1.Secret
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.RuntimeNamespace(t.Status.Placement.Compute), Name: desired.BindingSecret(t.Status.ID)}, &secret)).To(Succeed())
	b, err := binding.Decode(secret.Data[binding.SecretKey])
	Expect(err).NotTo(HaveOccurred())
	err = admin.Get(ctx, client.ObjectKey{Namespace: desired.CredentialsNamespace, Name: t.Name}, &credential) // it may have been collected
	Expect(client.IgnoreNotFound(err)).To(Succeed())
	return keepsakes{cell: c.UID, database: database.UID, binding: b, apiKey: string(credential.Data[desired.CredentialAPIKey])}
}

// cellsOf are the cells that were made for tenants of a name.
func cellsOf(ctx context.Context, tenant string) []string {
	GinkgoHelper()
	var cells v1alpha1.CellList
	Expect(admin.List(ctx, &cells, client.MatchingLabels{desired.LabelTenant: tenant})).To(Succeed())
	var names []string
	for i := range cells.Items {
		names = append(names, cells.Items[i].Name)
	}
	return names
}

// anew makes the Tenant again as a backup has it.
func (s *scene) anew(ctx context.Context, lost *v1alpha1.Tenant, change func(*v1alpha1.Tenant)) *v1alpha1.Tenant {
	GinkgoHelper()
	t := s.newTenant(lost.Name)
	lost.Spec.DeepCopyInto(&t.Spec)
	if change != nil {
		change(t)
	}
	Expect(admin.Create(ctx, t)).To(Succeed())
	return t
}

// unfinished makes a tenant of the tier DedicatedPods up to where its database starts.
func (s *scene) unfinished(ctx SpecContext, name string) (*v1alpha1.Tenant, *world) {
	GinkgoHelper()
	create(ctx, dedicatedPlan())
	t := s.newTenant(name)
	t.Spec.Tier, t.Spec.PlanRef = v1alpha1.TierDedicatedPods, &v1alpha1.PlanReference{Name: "dedicated"}
	Expect(admin.Create(ctx, t)).To(Succeed())
	own := &world{api: admin, cell: desired.OwnCellName(string(t.UID)), key: binding.KeyOK, withoutDatabase: true}
	t = s.ownBecomes(ctx, name, own, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseStarting)
	Expect(gone(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(own.cell), Name: desired.BindingSecret(string(t.UID))}})).To(BeTrue())
	return t, own
}
