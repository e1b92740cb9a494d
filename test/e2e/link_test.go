//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// twoClusters starts the second one for what follows.
func twoClusters() {
	second := &other{}

	BeforeAll(func(ctx SpecContext) { *second = *startSecond(ctx) }, NodeTimeout(10*time.Minute))

	linked(second)
	Describe("the tiers", Label("tiers"), Ordered, func() { tiers(second) })
}

// linked is about the network between two clusters: what a tenant's cell on another cluster and the
// operator need of it, and that walls hold across it.
func linked(second *other) {
	BeforeAll(func(ctx SpecContext) {
		makeStrangers(ctx, k)
		makeStrangers(ctx, second)
	}, NodeTimeout(10*time.Minute))

	It("is reached, and reaches the Vault, as far as the walls on both sides let it", func(ctx SpecContext) {
		vault := vaultAddress(ctx)
		build := func(kubectl kubectlFunc, label, rules string) {
			GinkgoHelper()
			_, err := kubectl(ctx, fmt.Sprintf(wall, label, strangers, label, rules), "apply", "-f", "-")
			Expect(err).NotTo(HaveOccurred())
		}
		build(second.kubectl, "walled", fmt.Sprintf("policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: %s/32}}], ports: [{port: 8200}]}]", vault))
		build(kubectl, "listener", "policyTypes: [Ingress]")

		here := probe(ctx, strangers, "here", nil, "sleep")
		listener := probe(ctx, strangers, "listener", map[string]string{"wall": "listener"}, "listen", ":8080")
		there := probeIn(ctx, second, strangers, "there", nil, "sleep")
		neighbour := probeIn(ctx, second, strangers, "neighbour", nil, "sleep")
		walled := probeIn(ctx, second, strangers, "walled", map[string]string{"wall": "walled"}, "sleep")
		theirs := probeIn(ctx, second, strangers, "listener", nil, "listen", ":8080")
		operator := probe(ctx, desired.SystemNamespace, ours+"-operator", map[string]string{"app.kubernetes.io/name": "bulkhead-manager"}, "sleep")

		for _, v := range []visit{
			{"a pod of the first reaches the other API server", here, apiServer(ctx, second), true},
			{"a pod of the first reaches a pod of the second", here, at(theirs, 8080), true},
			{"the operator reaches the other API server", operator, apiServer(ctx, second), true},
			{"the operator reaches no pod of the second", operator, at(theirs, 8080), false},
		} {
			By(v.what)
			v.expect(ctx)
		}
		for _, v := range []visit{
			{"a pod of the second reaches the first API server", there, apiServer(ctx, k), true},
			{"a pod of the second reaches none that lets nobody in", there, at(listener, 8080), false},
			{"one that may reach the Vault only reaches it", walled, vault + ":8200", true},
			{"one that may reach the Vault only reaches no API server", walled, apiServer(ctx, k), false},
		} {
			By(v.what)
			v.expectBy(ctx, second.kubectl)
		}
		// The wall names an address: packets have kept theirs on the way.
		build(kubectl, "listener", fmt.Sprintf("policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: %s/32}}]}]", there.Status.PodIP))
		visit{"whom a wall of the first names gets in", there, at(listener, 8080), true}.expectBy(ctx, second.kubectl)
		visit{"and its neighbour does not", neighbour, at(listener, 8080), false}.expectBy(ctx, second.kubectl)
	}, SpecTimeout(4*time.Minute))

	It("is out of reach while it is stopped, and is linked again when it is not", func(ctx SpecContext) {
		here := probe(ctx, strangers, "before-and-after", nil, "sleep")
		server := apiServer(ctx, second)
		visit{"a running cluster is reached", here, server, true}.expect(ctx)
		second.down(ctx)
		visit{"a stopped cluster is not", here, server, false}.expect(ctx)
		second.up(ctx)
		visit{"one that runs again is", here, server, true}.expect(ctx)
	}, SpecTimeout(4*time.Minute))
}

// vaultAddress is that of the first cluster's OpenBao.
func vaultAddress(ctx context.Context) string {
	GinkgoHelper()
	var service corev1.Service
	Expect(k.Get(ctx, client.ObjectKey{Namespace: "openbao", Name: "openbao"}, &service)).To(Succeed())
	return service.Spec.ClusterIP
}

// wall is a NetworkPolicy around the strangers with a label.
const wall = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: %s}
spec: {podSelector: {matchLabels: {wall: %s}}, %s}
`
