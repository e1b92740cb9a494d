package envtest

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

var _ = Describe("A tenant behind a gateway", func() {
	It("is reached by its own host name once the gateway has accepted it", func(ctx SpecContext) {
		s := newSceneBehind(ctx, &gateway{refuses: gatewayv1.RouteReasonNoMatchingListenerHostname})
		s.readyCell(ctx)
		Expect(admin.Create(ctx, s.newTenant("host-a"))).To(Succeed())
		t := s.tenantBecomes(ctx, "host-a", v1alpha1.ConditionEndpointReady, metav1.ConditionFalse, v1alpha1.ReasonRouteNotAccepted)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionEndpointReady)).To(And(
			ContainSubstring("gateway.example/controller"), ContainSubstring("NoMatchingListenerHostname"), ContainSubstring("no listener of that host name")))
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("False/RouteNotAccepted"))

		By("accepting it")
		s.world.gateway.refuses = ""
		t = s.tenantBecomes(ctx, "host-a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(t.Status.Endpoint).To(Equal("https://host-a.tenants.example.com"))
		Expect(s.credentialOf(ctx, "host-a").Data).To(HaveKeyWithValue(desired.CredentialEndpoint, []byte(t.Status.Endpoint)))
		route := s.routeOf(ctx, t.Status.ID)
		Expect(route.Spec.Hostnames).To(Equal([]gatewayv1.Hostname{"host-a.tenants.example.com"}))
		Expect(route.OwnerReferences).To(BeEmpty())

		By("staying so without a write or a live read, a restart included")
		s.settle(ctx, "host-a")
		s.expectQuiet(ctx, "host-a")
		s.restart()
		s.settleReads(ctx, "host-a")
		s.expectQuiet(ctx, "host-a")
	})

	It("has its route before its Binding never, and without a wait for the gateway costs one write more", func(ctx SpecContext) {
		s := newSceneBehind(ctx, &gateway{})
		s.readyCell(ctx)
		s.wire.forget()
		t := s.readyTenant(ctx, "order-a")
		writes, _ := s.wire.seen()
		namespace := desired.RuntimeNamespace(s.world.cell)
		Expect(writes).To(Equal([]string{
			"PATCH /apis/bulkhead.dev/v1alpha1/tenants/order-a",
			"POST /api/v1/namespaces/bulkhead-credentials/secrets",
			"POST /api/v1/namespaces/" + namespace + "/secrets",
			"PATCH /apis/gateway.networking.k8s.io/v1/namespaces/" + namespace + "/httproutes/" + desired.Route(t.Status.ID),
			"PATCH /apis/bulkhead.dev/v1alpha1/tenants/order-a/status",
		}))
	})

	It("takes back what others do to its route", func(ctx SpecContext) {
		s := newSceneBehind(ctx, &gateway{})
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "drift-route-a")
		wanted := s.routeOf(ctx, t.Status.ID)
		for what, change := range map[string]func(*gatewayv1.HTTPRoute){
			"another host name": func(r *gatewayv1.HTTPRoute) { r.Spec.Hostnames = append(r.Spec.Hostnames, "evil.example.com") },
			"another gateway": func(r *gatewayv1.HTTPRoute) {
				r.Spec.ParentRefs = append(r.Spec.ParentRefs, gatewayv1.ParentReference{Name: "private"})
			},
			"a filter that copies requests": func(r *gatewayv1.HTTPRoute) {
				r.Spec.Rules[0].Filters = []gatewayv1.HTTPRouteFilter{{Type: gatewayv1.HTTPRouteFilterRequestMirror, RequestMirror: &gatewayv1.HTTPRequestMirrorFilter{
					BackendRef: gatewayv1.BackendObjectReference{Name: "thief", Port: ptr.To[gatewayv1.PortNumber](80)},
				}}}
			},
			"no label": func(r *gatewayv1.HTTPRoute) { delete(r.Labels, binding.LabelTenantID) },
		} {
			By(what)
			route := s.routeOf(ctx, t.Status.ID)
			change(route)
			Expect(admin.Update(ctx, route)).To(Succeed())
			s.repairs(ctx, t.Name, func(g Gomega) {
				live := s.routeOf(ctx, t.Status.ID)
				g.Expect(live.Spec).To(Equal(wanted.Spec))
				g.Expect(live.Labels).To(Equal(wanted.Labels))
			})
		}
		By("its deletion")
		Expect(admin.Delete(ctx, wanted)).To(Succeed())
		s.repairs(ctx, t.Name, func(g Gomega) {
			g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(wanted), &gatewayv1.HTTPRoute{})).To(Succeed())
		})
		By("telling of both on the Tenant")
		for _, damage := range []string{"changed", "deleted"} {
			expectRepair(ctx, t.Name, fmt.Sprintf("HTTPRoute %s/%s was %s", wanted.Namespace, wanted.Name, damage))
		}
	})

	It("follows the configuration, its key untouched", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "later-a")
		collected := s.readyTenant(ctx, "later-b")
		Expect(t.Status.Endpoint).To(Equal("http://runtime." + desired.RuntimeNamespace(s.world.cell) + ".svc"))
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionEndpointReady)).To(Equal("absent"))
		before := s.credentialOf(ctx, "later-a")
		bound, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(admin.Delete(ctx, s.credentialOf(ctx, "later-b"))).To(Succeed())

		By("a gateway")
		s.gateway, s.world.gateway = publicGateway(), &gateway{}
		s.restart()
		t = s.tenantBecomes(ctx, "later-a", v1alpha1.ConditionEndpointReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(t.Status.Endpoint).To(Equal("https://later-a.tenants.example.com"))
		after := s.credentialOf(ctx, "later-a")
		Expect(after.Data).To(HaveKeyWithValue(desired.CredentialEndpoint, []byte(t.Status.Endpoint)))
		Expect(after.Data[desired.CredentialAPIKey]).To(Equal(before.Data[desired.CredentialAPIKey]))
		Expect(after.Annotations).To(Equal(before.Annotations))
		stillBound, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(stillBound).To(Equal(bound))
		s.tenantBecomes(ctx, "later-b", v1alpha1.ConditionCredentialReady, metav1.ConditionTrue, v1alpha1.ReasonCollected)
		Expect(gone(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: desired.CredentialsNamespace, Name: "later-b"}})).To(BeTrue())

		By("no gateway any more")
		s.gateway, s.world.gateway = nil, nil
		s.restart()
		for _, name := range []string{"later-a", "later-b"} {
			s.pursue(ctx, func() bool {
				_, err := s.tenant(ctx, name)
				Expect(err).NotTo(HaveOccurred())
				Expect(admin.Get(ctx, client.ObjectKey{Name: name}, t)).To(Succeed())
				return stateOf(t.Status.Conditions, v1alpha1.ConditionEndpointReady) == "absent"
			})
			Expect(t.Status.Endpoint).To(Equal("http://runtime." + desired.RuntimeNamespace(s.world.cell) + ".svc"))
			Expect(gone(ctx, s.emptyRoute(t.Status.ID))).To(BeTrue())
		}
		Expect(s.credentialOf(ctx, "later-a").Data[desired.CredentialAPIKey]).To(Equal(before.Data[desired.CredentialAPIKey]))
		s.settle(ctx, "later-a", "later-b")
		Expect(collected.Status.ID).NotTo(BeEmpty())
	})

	It("leaves a route that is not ours alone", func(ctx SpecContext) {
		s := newSceneBehind(ctx, &gateway{})
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "foreign-route-a")
		route := s.routeOf(ctx, t.Status.ID)
		delete(route.Labels, desired.LabelManagedBy)
		Expect(admin.Update(ctx, route)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionEndpointReady, metav1.ConditionFalse, v1alpha1.ReasonForeignObject)
		s.deleteTenant(ctx, t)
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(route), route)).To(Succeed())
		Expect(route.DeletionTimestamp).To(BeNil())
	})

	It("that is deleted loses its route before anything else", func(ctx SpecContext) {
		s := newSceneBehind(ctx, &gateway{})
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "bye-a")
		s.settle(ctx, t.Name)
		s.wire.forget()
		s.deleteTenant(ctx, t)
		writes, _ := s.wire.seen()
		namespace := desired.RuntimeNamespace(s.world.cell)
		Expect(len(writes)).To(BeNumerically(">=", 4), "%v", writes)
		Expect(writes[0]).To(Equal("DELETE /apis/gateway.networking.k8s.io/v1/namespaces/" + namespace + "/httproutes/" + desired.Route(t.Status.ID)))
		Expect(writes[1]).To(Equal("PUT /api/v1/namespaces/" + namespace + "/secrets/" + desired.BindingSecret(t.Status.ID)))
		Expect(gone(ctx, s.emptyRoute(t.Status.ID))).To(BeTrue())
	})
})

var _ = Describe("A cluster without the Gateway API", Serial, func() {
	It("is named in the tenant's condition, and asked rarely, until it is installed", func(ctx SpecContext) {
		routes := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "httproutes.gateway.networking.k8s.io"}}
		Expect(admin.Delete(ctx, routes)).To(Succeed())
		Eventually(func() bool { return gone(ctx, routes) }).WithTimeout(patience).Should(BeTrue())
		s := newScene(ctx)
		s.gateway = publicGateway()
		s.restart()
		s.readyCell(ctx)
		Expect(admin.Create(ctx, s.newTenant("nogw-a"))).To(Succeed())
		t := s.tenantBecomes(ctx, "nogw-a", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonGatewayAPIMissing)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionEndpointReady)).To(ContainSubstring("httproutes.gateway.networking.k8s.io"))
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionRuntimeReady)).To(Equal("True/Ready"))
		result, err := s.tenant(ctx, "nogw-a")
		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).To(BeNumerically(">", 0))

		By("deleting a tenant all the same")
		Expect(admin.Create(ctx, s.newTenant("nogw-b"))).To(Succeed())
		other := s.tenantBecomes(ctx, "nogw-b", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonGatewayAPIMissing)
		s.deleteTenant(ctx, other)

		By("installing it")
		_, err = envtest.InstallCRDs(adminConfig, envtest.CRDInstallOptions{Paths: []string{gatewayCRD(ctx)}, ErrorIfPathMissing: true})
		Expect(err).NotTo(HaveOccurred())
		s.world.gateway = &gateway{}
		s.clock.advance(time.Minute)
		s.tenantBecomes(ctx, "nogw-a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})
})

// newSceneBehind is a scene with a gateway.
func newSceneBehind(ctx context.Context, g *gateway) *scene {
	s := newScene(ctx)
	s.gateway, s.world.gateway = publicGateway(), g
	s.restart()
	return s
}

func (s *scene) emptyRoute(id string) *gatewayv1.HTTPRoute {
	return &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(s.world.cell), Name: desired.Route(id)}}
}

func (s *scene) routeOf(ctx context.Context, id string) *gatewayv1.HTTPRoute {
	GinkgoHelper()
	route := s.emptyRoute(id)
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(route), route)).To(Succeed())
	return route
}

// repairs reconciles a tenant until the check holds.
func (s *scene) repairs(ctx context.Context, tenant string, check func(g Gomega)) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		_, err := s.tenant(ctx, tenant)
		g.Expect(err).NotTo(HaveOccurred())
		check(g)
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
}
