//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// acknowledgedBefore is how many documents are there when the primary is lost.
const acknowledgedBefore = 20

func lostPrimary() {
	It("loses no document that was acknowledged", func(ctx SpecContext) {
		p := plan(ours + "-pair")
		p.Spec.Database.Instances = 2
		Expect(k.Create(ctx, p)).To(Succeed())
		t := newTenant("pair")
		t.Spec.Tier, t.Spec.PlanRef.Name = v1alpha1.TierDedicatedDatabase, p.Name
		Expect(k.Create(ctx, t)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			removeTenants(ctx, func(name string) bool { return name == t.Name })
			Expect(k.Delete(ctx, p)).To(Succeed())
		}, NodeTimeout(4*time.Minute))
		Eventually(tenant).WithContext(ctx).WithArguments(t.Name).WithTimeout(tierPatience).
			Should(haveCondition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady))
		t, err := tenant(ctx, t.Name)
		Expect(err).NotTo(HaveOccurred())
		primary := client.ObjectKey{Namespace: desired.DatabaseNamespace(t.Status.Placement.Database)}
		Eventually(func(g Gomega) {
			now := databaseNow(ctx, g, primary.Namespace)
			g.Expect(now.Status.ReadyInstances).To(Equal(2))
			primary.Name = now.Status.CurrentPrimary
		}).WithContext(ctx).WithTimeout(tierPatience).Should(Succeed())

		a := api{serviceOf(ours), apiKey(ctx, t)}
		var acknowledged []string
		write := func() int {
			name := fmt.Sprintf("%d.md", len(acknowledged))
			status := a.call(ctx, http.MethodPut, "/v1/documents/"+name, "text/markdown", "# A note\n\nIt is numbered "+name+".\n").Status
			if status == http.StatusCreated || status == http.StatusOK {
				acknowledged = append(acknowledged, name)
			}
			return len(acknowledged)
		}
		Eventually(write).WithContext(ctx).WithPolling(time.Millisecond).Should(Equal(acknowledgedBefore))
		lose(ctx, primary)
		Eventually(func(g Gomega) {
			write()
			now := databaseNow(ctx, g, primary.Namespace)
			g.Expect(now.Status.CurrentPrimary).NotTo(Equal(primary.Name))
		}).WithContext(ctx).WithPolling(time.Millisecond).WithTimeout(2 * time.Minute).Should(Succeed())
		before := len(acknowledged)
		Eventually(write).WithContext(ctx).WithTimeout(time.Minute).Should(BeNumerically(">", before), "nothing can be written after the failover")

		GinkgoWriter.Printf("%d documents were acknowledged\n", len(acknowledged))
		for _, name := range acknowledged {
			got := a.call(ctx, http.MethodGet, "/v1/documents/"+name+"/content", "", "")
			Expect(got.Status).To(Equal(http.StatusOK), name+": "+got.Body)
			Expect(got.Body).To(ContainSubstring("It is numbered " + name))
		}
	}, SpecTimeout(12*time.Minute))
}

func databaseNow(ctx context.Context, g Gomega, namespace string) *cnpgv1.Cluster {
	var now cnpgv1.Cluster
	g.Expect(k.Get(ctx, client.ObjectKey{Namespace: namespace, Name: desired.DatabaseCluster}, &now)).To(Succeed())
	return &now
}

// lose takes an instance's pod and its volume at once.
func lose(ctx context.Context, instance client.ObjectKey) {
	GinkgoHelper()
	volume := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: instance.Namespace, Name: instance.Name}}
	Expect(k.Delete(ctx, volume)).To(Succeed())
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: instance.Namespace, Name: instance.Name}}
	Expect(k.Delete(ctx, pod, client.GracePeriodSeconds(0))).To(Succeed())
}
