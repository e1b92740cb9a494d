//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// The worst mistake with one command: every Tenant is deleted at once.
func deletedCRD() {
	const question, expected = "Who feeds the cat?", "the neighbour from number nine"
	var before v1alpha1.TenantList
	var bindingsBefore, databaseBefore []string
	var id, key string
	var a api

	BeforeAll(func(ctx SpecContext) {
		t := provision(ctx, "crd")
		id, key = t.Status.ID, apiKey(ctx, t)
		a = api{serviceOf(ours), key}
		a.put(ctx, "cat.md", "# The cat\n\nWhen we travel, the neighbour from number nine feeds the cat.\n")
		a.expectCited(ctx, a.ask(ctx, question), expected)
		Expect(k.List(ctx, &before)).To(Succeed())
		bindingsBefore, databaseBefore = contents(bindings(ctx)), databasePods(ctx)
	}, NodeTimeout(time.Minute))

	It("takes the Tenants and nothing else", func(ctx SpecContext) {
		DeferCleanup(func(ctx SpecContext) { restore(ctx, before.Items) }) // whatever happens here
		crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "tenants.bulkhead.dev"}}
		Expect(k.Delete(ctx, crd)).To(Succeed())
		gone(ctx, crd)
		Consistently(func(g Gomega) {
			g.Expect(contents(bindings(ctx))).To(Equal(bindingsBefore))
			g.Expect(databasePods(ctx)).To(Equal(databaseBefore))
			g.Expect(a.ask(ctx, question).Answer).To(ContainSubstring(expected))
		}).WithContext(ctx).WithTimeout(10 * time.Second).WithPolling(time.Second).Should(Succeed())
	}, SpecTimeout(3*time.Minute))

	It("gives them back with their identity and their data", func(ctx SpecContext) {
		for i := range before.Items {
			old := &before.Items[i]
			if !wasReady(old) {
				continue
			}
			Eventually(tenant).WithContext(ctx).WithArguments(old.Name).WithTimeout(2 * time.Minute).Should(beReady())
			t, err := tenant(ctx, old.Name)
			Expect(err).NotTo(HaveOccurred())
			Expect(t.UID).NotTo(Equal(old.UID))
			Expect(t.Status.ID).To(Equal(old.Status.ID))
		}
		t, err := tenant(ctx, ours+"-crd")
		Expect(err).NotTo(HaveOccurred())
		Expect(t.Status.ID).To(Equal(id))
		Expect(apiKey(ctx, t)).To(Equal(key))
		a = api{serviceOf(ours), key}
		a.expectCited(ctx, a.ask(ctx, question), expected)
	}, SpecTimeout(3*time.Minute))
}

// restore does what somebody does who has the manifests: applies the CRD and the Tenants.
func restore(ctx context.Context, tenants []v1alpha1.Tenant) {
	GinkgoHelper()
	_, err := kubectl(ctx, "", "apply", "--server-side", "--force-conflicts", "-f", "config/crd/bases/bulkhead.dev_tenants.yaml")
	Expect(err).NotTo(HaveOccurred())
	_, err = kubectl(ctx, "", "wait", "--for=condition=Established", "--timeout=60s", "crd/tenants.bulkhead.dev")
	Expect(err).NotTo(HaveOccurred())
	for i := range tenants {
		old := &tenants[i]
		fresh := &v1alpha1.Tenant{
			ObjectMeta: metav1.ObjectMeta{Name: old.Name, Labels: old.Labels, Annotations: old.Annotations},
			Spec:       old.Spec,
		}
		Eventually(func() error { return client.IgnoreAlreadyExists(k.Create(ctx, fresh.DeepCopy())) }).
			WithContext(ctx).Should(Succeed()) // the API server takes a moment to serve a new kind
	}
}

func wasReady(t *v1alpha1.Tenant) bool {
	ok, err := beReady().Match(t)
	Expect(err).NotTo(HaveOccurred())
	return ok
}

// contents are the names and the data of Secrets.
func contents(secrets []corev1.Secret) []string {
	var all []string
	for _, s := range secrets {
		all = append(all, s.Namespace+"/"+s.Name+" "+string(s.UID)+" "+string(s.Data["binding.json"]))
	}
	return all
}

// databasePods are those of our cell, by UID.
func databasePods(ctx context.Context) []string {
	GinkgoHelper()
	var pods corev1.PodList
	Expect(k.List(ctx, &pods, client.InNamespace(desired.DatabaseNamespace(ours)),
		client.MatchingLabels{"cnpg.io/cluster": desired.DatabaseCluster})).To(Succeed())
	var all []string
	for _, p := range pods.Items {
		all = append(all, string(p.UID)+" "+string(p.Status.Phase))
	}
	return all
}
