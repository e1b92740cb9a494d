//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// tierPatience is how long a tenant with a database of its own may take on a busy machine.
const tierPatience = 4 * time.Minute

// resident is a tenant of one tier, and what only it knows.
type resident struct {
	tier   v1alpha1.Tier
	name   string
	secret string
	tenant *v1alpha1.Tenant
	api    api
}

// tiers are about a tenant of each, live on two clusters at once.
func tiers(second *other) {
	residents := []*resident{
		{tier: v1alpha1.TierShared, name: "shared", secret: "saffron"},
		{tier: v1alpha1.TierDedicatedDatabase, name: "database", secret: "cobalt"},
		{tier: v1alpha1.TierDedicatedPods, name: "pods", secret: "vermilion"},
		{tier: v1alpha1.TierDedicatedCluster, name: "cluster", secret: "malachite"},
	}

	// While the second cluster still runs: once it is stopped, the operator keeps whatever is there.
	AfterAll(func(ctx SpecContext) {
		removeTenants(ctx, func(name string) bool {
			return slices.ContainsFunc(residents, func(r *resident) bool { return name == ours+"-"+r.name })
		})
	}, NodeTimeout(6*time.Minute))

	It("all answer, each from its own documents", func(ctx SpecContext) {
		for _, r := range residents {
			Expect(k.Create(ctx, r.object())).To(Succeed())
		}
		for _, r := range residents {
			By(string(r.tier))
			Eventually(tenant).WithContext(ctx).WithArguments(ours + "-" + r.name).WithTimeout(tierPatience).
				Should(haveCondition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady))
			r.reach(ctx, second)
			r.api.put(ctx, "paint.md", fmt.Sprintf("The %s door is painted in the colour %s. It was dry on Tuesday.", r.name, r.secret))
		}
		for _, r := range residents {
			said := r.api.ask(ctx, "Which colour is the door painted in?")
			r.api.expectCited(ctx, said, r.secret)
			for _, stranger := range residents {
				if stranger != r {
					Expect(said.Answer).NotTo(ContainSubstring(stranger.secret))
				}
			}
		}
	}, SpecTimeout(10*time.Minute))

	It("pass the isolation test", func(ctx SpecContext) {
		code, out, _ := buildPlugin(ctx).run(ctx, "verify", "isolation", "--max-cells", "4")
		Expect(code).To(Equal(0), out)
	}, SpecTimeout(5*time.Minute))

	It("are repaired when somebody changes what they own", func(ctx SpecContext) {
		own := residents[2].tenant.Status.Placement.Compute
		namespace := desired.RuntimeNamespace(own)
		wall := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default-deny"}}
		Expect(k.Delete(ctx, wall)).To(Succeed())
		Eventually(func() error { return k.Get(ctx, client.ObjectKeyFromObject(wall), wall) }).WithContext(ctx).Should(Succeed())

		door := client.ObjectKey{Namespace: desired.RuntimeNamespace(ours), Name: "database-" + residents[1].tenant.Status.ID}
		Expect(k.Delete(ctx, &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: door.Namespace, Name: door.Name}})).To(Succeed())
		Eventually(func() error { return k.Get(ctx, door, &networkingv1.NetworkPolicy{}) }).WithContext(ctx).Should(Succeed())

		runtime := client.ObjectKey{Namespace: namespace, Name: desired.RuntimeDeployment}
		var d appsv1.Deployment
		Expect(k.Get(ctx, runtime, &d)).To(Succeed())
		image := d.Spec.Template.Spec.Containers[0].Image
		_, err := kubectl(ctx, "", "-n", namespace, "set", "image", "deployment/runtime", "runtime=registry.local/not-ours:1")
		Expect(err).NotTo(HaveOccurred())
		Eventually(func(g Gomega) {
			g.Expect(k.Get(ctx, runtime, &d)).To(Succeed())
			g.Expect(d.Spec.Template.Spec.Containers[0].Image).To(Equal(image))
		}).WithContext(ctx).Should(Succeed())

		_, err = kubectl(ctx, "", "label", "namespace", namespace, "--overwrite", "pod-security.kubernetes.io/enforce=privileged")
		Expect(err).To(MatchError(ContainSubstring("denied")))
		for _, r := range residents {
			ready(ctx, ours+"-"+r.name)
		}
	}, SpecTimeout(3*time.Minute))
}

func (r *resident) object() *v1alpha1.Tenant {
	t := newTenant(r.name)
	t.Spec.Tier = r.tier
	if r.tier == v1alpha1.TierDedicatedCluster {
		t.Spec.Cluster = &v1alpha1.ClusterReference{KubeconfigSecretRef: &v1alpha1.KubeconfigReference{Name: secondName}}
	}
	return t
}

// reach finds the way to the tenant's API.
func (r *resident) reach(ctx context.Context, second *other) {
	GinkgoHelper()
	t, err := tenant(ctx, ours+"-"+r.name)
	Expect(err).NotTo(HaveOccurred())
	kubeconfig := os.Getenv("KUBECONFIG")
	if t.Spec.Cluster != nil {
		kubeconfig = second.kubeconfig()
	}
	r.tenant = t
	r.api = api{url: forwardIn(kubeconfig, desired.RuntimeNamespace(t.Status.Placement.Compute), "service/runtime", 80), key: apiKey(ctx, t)}
}
