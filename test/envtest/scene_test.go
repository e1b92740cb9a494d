package envtest

import (
	"context"
	"fmt"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault/vaulttest"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// scene is what a spec plays in: a cell and a region of its own, so that specs
// do not see one another's room.
type scene struct {
	*operator
	world  *world
	keys   *vaulttest.Fake
	clock  *clock
	region string
	image  string
	// gateway is the configured one, nil for none.
	gateway *configuration.Gateway
	// current is the wire of the process that lives.
	current atomic.Pointer[wire]
}

var scenes atomic.Int64

// newScene starts an operator with nothing in memory, and a Plan.
func newScene(ctx context.Context) *scene {
	n := scenes.Add(1)
	s := &scene{
		keys: &vaulttest.Fake{}, clock: &clock{}, region: fmt.Sprintf("r%d", n), image: imageA,
		world: &world{api: admin, cell: fmt.Sprintf("cell%d", n), key: binding.KeyOK},
	}
	create(ctx, starterPlan())
	s.restart()
	DeferCleanup(func() { s.operator.stop() })
	return s
}

// restart ends the operator's process, if there is one, and starts another.
func (s *scene) restart() {
	if s.operator != nil {
		s.operator.stop()
	}
	c := config(s.image)
	c.Gateway = s.gateway
	s.operator = startOperator(s.keys, s.clock, c)
	s.current.Store(s.wire)
}

func starterPlan() *v1alpha1.Plan {
	return &v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: "starter"}, Spec: v1alpha1.PlanSpec{
		Tiers: []v1alpha1.Tier{v1alpha1.TierShared}, Limits: v1alpha1.Limits{Documents: 1000},
	}}
}

func (s *scene) newCell(name string) *v1alpha1.Cell {
	return &v1alpha1.Cell{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"region": s.region}},
		Spec: v1alpha1.CellSpec{
			Capacity: 10,
			Database: &v1alpha1.DatabaseSize{Storage: ptr.To(resource.MustParse("1Gi"))},
			Runtime:  &v1alpha1.RuntimeSize{Replicas: 2},
		},
	}
}

func (s *scene) newTenant(name string) *v1alpha1.Tenant {
	return &v1alpha1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.TenantSpec{
			Tier:         v1alpha1.TierShared,
			CellSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"region": s.region}},
		},
	}
}

// readyCell makes the scene's cell and brings it to Ready.
func (s *scene) readyCell(ctx context.Context) {
	GinkgoHelper()
	Expect(admin.Create(ctx, s.newCell(s.world.cell))).To(Succeed())
	s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

// readyTenant makes a tenant and brings it to Ready.
func (s *scene) readyTenant(ctx context.Context, name string) *v1alpha1.Tenant {
	GinkgoHelper()
	Expect(admin.Create(ctx, s.newTenant(name))).To(Succeed())
	return s.tenantBecomes(ctx, name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

// cellBecomes reconciles the cell, and lets the world turn, until the condition holds.
func (s *scene) cellBecomes(ctx context.Context, condition string, status metav1.ConditionStatus, reason string) *v1alpha1.Cell {
	GinkgoHelper()
	var c v1alpha1.Cell
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		_, err := s.cell(ctx, s.world.cell)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		g.Expect(stateOf(c.Status.Conditions, condition)).To(Equal(stateText(status, reason)), "%s", c.Status.Conditions)
	}).WithTimeout(patience).WithPolling(pace).WithContext(ctx).Should(Succeed())
	return &c
}

// tenantBecomes reconciles a tenant, and lets the world turn, until the condition holds.
func (s *scene) tenantBecomes(ctx context.Context, name, condition string, status metav1.ConditionStatus, reason string) *v1alpha1.Tenant {
	GinkgoHelper()
	var t v1alpha1.Tenant
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		_, err := s.tenant(ctx, name)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(admin.Get(ctx, client.ObjectKey{Name: name}, &t)).To(Succeed())
		g.Expect(stateOf(t.Status.Conditions, condition)).To(Equal(stateText(status, reason)), "%v", t.Status.Conditions)
	}).WithTimeout(patience).WithPolling(pace).WithContext(ctx).Should(Succeed())
	return &t
}

func stateOf(conditions []metav1.Condition, name string) string {
	c := meta.FindStatusCondition(conditions, name)
	if c == nil {
		return "absent"
	}
	return stateText(c.Status, c.Reason)
}

func stateText(status metav1.ConditionStatus, reason string) string {
	return string(status) + "/" + reason
}

func messageOf(conditions []metav1.Condition, name string) string {
	if c := meta.FindStatusCondition(conditions, name); c != nil {
		return c.Message
	}
	return ""
}

// bindingOf reads a tenant's Binding past every cache.
func (s *scene) bindingOf(ctx context.Context, id string) (binding.Binding, *corev1.Secret) {
	GinkgoHelper()
	var secret corev1.Secret
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.RuntimeNamespace(s.world.cell), Name: desired.BindingSecret(id)}, &secret)).To(Succeed())
	b, err := binding.Decode(secret.Data[binding.SecretKey])
	Expect(err).NotTo(HaveOccurred())
	return b, &secret
}

func (s *scene) credentialOf(ctx context.Context, tenant string) *corev1.Secret {
	GinkgoHelper()
	var secret corev1.Secret
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.CredentialsNamespace, Name: tenant}, &secret)).To(Succeed())
	return &secret
}

// migrationJob is the Job of the image that the operator is configured with.
func (s *scene) migrationJob(ctx context.Context) *batchv1.Job {
	GinkgoHelper()
	var c v1alpha1.Cell
	Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
	var job batchv1.Job
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.DatabaseNamespace(s.world.cell), Name: desired.MigrationJob(s.image, c.Status.DatabaseUID)}, &job)).To(Succeed())
	return &job
}
