package envtest

import (
	"context"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// A dedicated tenant goes its whole way with an operator that dies at every step:
// each process is killed at the first write that none was killed at, before its
// effect and the next time after it, and the following one goes on from there.
// Swept is every kind of write for the tenant, to Vault and to its own cluster
// too, and in a deletion every one of its cell's. Left out are the writes that make
// any cell, which "while making a cell" sweeps, and reads: to die at one is to die
// after the write before it.
var _ = Describe("An operator killed at any write", func() {
	for _, profile := range tier.All() {
		if profile.OwnsNothing() {
			continue
		}
		It("of a dedicated tenant makes it and retains it: "+string(profile.Name), func(ctx SpecContext) {
			s := newScene(ctx)
			s.readyCell(ctx)
			w := &way{scene: s, own: &world{api: admin, key: binding.KeyOK}}
			w.spare(s.wire.calls())
			create(ctx, dedicatedPlan())
			t := s.newTenant("way-" + strings.ToLower(string(profile.Name)))
			t.Spec.Tier, t.Spec.PlanRef = profile.Name, &v1alpha1.PlanReference{Name: dedicatedPlan().Name}
			if profile.Cluster == tier.Own {
				w.own.api, t.Spec.Cluster = s.elsewhere(ctx)
			}
			Expect(admin.Create(ctx, t)).To(Succeed())
			w.tenant, w.id, w.own.cell = t.Name, string(t.UID), desired.OwnCellName(string(t.UID))

			By("making it")
			Expect(w.sweep(ctx, w.madePass)).To(ContainElements(
				"PATCH /apis/bulkhead.dev/v1alpha1/tenants/TENANT", "POST /apis/bulkhead.dev/v1alpha1/cells", "VAULT Ensure",
				"POST /api/v1/namespaces/bulkhead-credentials/secrets", "POST /api/v1/namespaces/bulkhead-CELL/secrets",
				"PATCH /apis/bulkhead.dev/v1alpha1/tenants/TENANT/status"))
			w.expectWhole(ctx, profile)

			By("retaining it")
			Expect(admin.Delete(ctx, t)).To(Succeed())
			w.spare(nil)
			Expect(w.sweep(ctx, w.retainedPass)).To(ContainElements(
				"PUT /api/v1/namespaces/bulkhead-CELL/secrets/BINDING", "DELETE /api/v1/namespaces/bulkhead-credentials/secrets/TENANT",
				"PATCH /apis/bulkhead.dev/v1alpha1/cells/CELL", "PATCH /apis/bulkhead.dev/v1alpha1/tenants/TENANT"))
			w.expectRetained(ctx, profile)
		}, NodeTimeout(hang))
	}
})

// way is that of one tenant and its own cell.
type way struct {
	*scene
	own        *world
	tenant, id string

	spared map[string]bool
	deaths map[string]int // at each kind of call
}

// spare has every call swept anew but these.
func (w *way) spare(calls []string) {
	w.spared, w.deaths = map[string]bool{}, map[string]int{}
	for _, call := range calls {
		w.spared[w.kind(call)] = true
	}
}

// kind is a call without the names that differ between tenants, cells and clusters.
func (w *way) kind(call string) string {
	pairs := []string{remotely, "", w.world.cell, "CELL"}
	if w.id != "" {
		pairs = append(pairs, desired.BindingSecret(w.id), "BINDING", w.own.cell, "CELL", w.id, "ID", w.tenant, "TENANT")
	}
	return strings.NewReplacer(pairs...).Replace(call)
}

// judge kills before a call's effect, then after it, and then lets it be.
func (w *way) judge(call string) fate {
	kind := w.kind(call)
	if isRead(call) || w.spared[kind] || w.deaths[kind] == int(diesAfter) {
		return lives
	}
	w.deaths[kind]++
	return fate(w.deaths[kind])
}

// sweep passes in one process after the other until one survives. It returns the
// calls that others died at, before and after.
func (w *way) sweep(ctx context.Context, pass func(context.Context) bool) []string {
	GinkgoHelper()
	for died := true; died; {
		w.restart()
		w.keys.Fault = w.wire.call
		w.wire.arm(w.judge)
		w.pursue(ctx, func() bool { return pass(ctx) })
		died = w.wire.isDead()
		w.keys.Fault = nil
	}
	swept := slices.DeleteFunc(slices.Sorted(maps.Keys(w.deaths)), func(kind string) bool { return w.deaths[kind] != int(diesAfter) })
	GinkgoWriter.Println("died before and after:", strings.Join(swept, "\n  "))
	return swept
}

func (w *way) madePass(ctx context.Context) bool {
	w.own.turn(ctx)
	_, err := w.cell(ctx, w.own.cell)
	return w.tenantPass(ctx, w.tenant) && err == nil
}

// retainedPass is done when the Tenant is gone and its cell has settled.
func (w *way) retainedPass(ctx context.Context) bool {
	w.own.turn(ctx)
	t := &v1alpha1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: w.tenant}}
	if !w.deletionPass(ctx, t) {
		return false
	}
	before := len(w.wire.calls())
	_, err := w.cell(ctx, w.own.cell)
	var c v1alpha1.Cell
	Expect(admin.Get(ctx, client.ObjectKey{Name: w.own.cell}, &c)).To(Succeed())
	return err == nil && len(w.wire.calls()) == before && c.Status.ObservedGeneration == c.Generation &&
		!meta.IsStatusConditionFalse(c.Status.Conditions, v1alpha1.ConditionClusterReady) // a new process connects first
}

// expectWhole proves that there is one of everything, and no more to do.
func (w *way) expectWhole(ctx SpecContext, profile tier.Profile) {
	GinkgoHelper()
	var cells v1alpha1.CellList
	Expect(admin.List(ctx, &cells)).To(Succeed())
	owned := slices.DeleteFunc(cells.Items, func(c v1alpha1.Cell) bool { return c.Spec.TenantID != w.id })
	Expect(owned).To(HaveLen(1))
	b := bindingIn(ctx, w.servingAPI(profile), w.serving(profile), w.id)
	Expect(b.State).To(Equal(binding.Active))
	Expect(b.Credentials).To(HaveLen(1))
	Expect(b.Credentials[0].Matches(string(w.credentialOf(ctx, w.tenant).Data[desired.CredentialAPIKey]))).To(BeTrue())
	Expect(w.keys.HasKey(desired.KeyName(w.id))).To(BeTrue())
	w.expectQuietOwn(ctx, w.own, w.tenant)
}

// expectRetained proves that access has ended, and that the data has not.
func (w *way) expectRetained(ctx SpecContext, profile tier.Profile) {
	GinkgoHelper()
	b := bindingIn(ctx, w.servingAPI(profile), w.serving(profile), w.id)
	Expect(b.State).To(Equal(binding.Retained))
	Expect(b.Credentials).To(BeEmpty())
	Expect(w.keys.HasKey(desired.KeyName(w.id))).To(BeTrue())
	var c v1alpha1.Cell
	Expect(admin.Get(ctx, client.ObjectKey{Name: w.own.cell}, &c)).To(Succeed())
	Expect(ptr.Deref(c.Spec.Retired, false)).To(BeTrue())
	databases := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: desired.DatabaseNamespace(w.own.cell)}}
	Expect(w.own.api.Get(ctx, client.ObjectKeyFromObject(databases), databases)).To(Succeed())
	for _, stopped := range []client.Object{
		&networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(w.world.cell), Name: "database-" + w.id}},
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(w.own.cell), Name: desired.RuntimeDeployment}},
	} {
		Expect(client.IgnoreNotFound(w.own.api.Get(ctx, client.ObjectKeyFromObject(stopped), stopped))).To(Succeed())
		Expect(stopped.GetUID()).To(BeEmpty(), "%T %s", stopped, stopped.GetName())
	}
}

// serving is the cell whose runtime serves the tenant, and servingAPI its cluster.
func (w *way) serving(profile tier.Profile) string {
	if profile.Runtime == tier.Own {
		return w.own.cell
	}
	return w.world.cell
}

func (w *way) servingAPI(profile tier.Profile) client.Client {
	if profile.Cluster == tier.Own {
		return w.own.api
	}
	return admin
}
