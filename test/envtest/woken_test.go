package envtest

import (
	"context"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers"
)

// Nobody calls Reconcile here: what happens, the watches have to tell.
var _ = Describe("The watches", func() {
	It("wake a tenant for its route: accepted, refused, changed, deleted", func(ctx SpecContext) {
		s := newSceneBehind(ctx, &gateway{})
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "woken-a")
		s.operator.stop()
		stop := s.run(t.Name)
		defer stop()

		s.world.gateway.refuses = gatewayv1.RouteReasonNotAllowedByListeners
		s.eventually(ctx, t, "False/RouteNotAccepted")
		s.world.gateway.refuses = ""
		s.eventually(ctx, t, "True/Ready")

		route := s.routeOf(ctx, t.Status.ID)
		route.Spec.Hostnames = []gatewayv1.Hostname{"evil.example.com"}
		Expect(admin.Update(ctx, route)).To(Succeed())
		Eventually(func() []gatewayv1.Hostname { return s.routeOf(ctx, t.Status.ID).Spec.Hostnames }).WithTimeout(patience).
			Should(Equal([]gatewayv1.Hostname{"woken-a.tenants.example.com"}))
		Expect(admin.Delete(ctx, route)).To(Succeed())
		Eventually(func() error { return admin.Get(ctx, client.ObjectKeyFromObject(route), &gatewayv1.HTTPRoute{}) }).WithTimeout(patience).Should(Succeed())
		s.eventually(ctx, t, "True/Ready")
	})
})

// run starts the operator with its watches, of this cell and this tenant only.
func (s *scene) run(tenant string) (stop func()) {
	GinkgoHelper()
	c := config(s.image)
	c.Gateway = s.gateway
	return s.watch(cache.ByObject{Field: fields.OneTermEqualSelector(metav1.ObjectNameField, tenant)}, optionsOf(s.keys, s.clock, c))
}

// watch starts the operator with its watches, of this cell and some tenants only.
func (s *scene) watch(tenants cache.ByObject, with controllers.Options) (stop func()) {
	GinkgoHelper()
	options := controllers.CacheOptions()
	options.ByObject[&v1alpha1.Tenant{}] = tenants
	options.ByObject[&v1alpha1.Cell{}] = cache.ByObject{Field: fields.OneTermEqualSelector(metav1.ObjectNameField, s.world.cell)}
	mgr := newManager(newWire(), options)
	ctx, cancel := context.WithCancel(context.Background())
	Expect(controllers.Setup(ctx, mgr, with)).To(Succeed())
	var done sync.WaitGroup
	done.Go(func() {
		defer GinkgoRecover()
		Expect(mgr.Start(ctx)).To(Succeed())
	})
	return func() { cancel(); done.Wait() }
}

// eventually lets the world turn until the tenant's Ready condition holds.
func (s *scene) eventually(ctx context.Context, t *v1alpha1.Tenant, ready string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(t), t)).To(Succeed())
		g.Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal(ready))
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
}
