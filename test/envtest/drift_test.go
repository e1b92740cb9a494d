package envtest

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

var _ = Describe("Drift", func() {
	// repaired reconciles until the check holds again.
	repaired := func(ctx context.Context, s *scene, check func(g Gomega)) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			_, err := s.cell(ctx, s.world.cell)
			g.Expect(err).NotTo(HaveOccurred())
			check(g)
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	}

	It("is taken back", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		runtime, database := desired.RuntimeNamespace(s.world.cell), desired.DatabaseNamespace(s.world.cell)

		By("a rule that widens the default deny")
		var deny networkingv1.NetworkPolicy
		key := client.ObjectKey{Namespace: database, Name: "default-deny"}
		Expect(admin.Get(ctx, key, &deny)).To(Succeed())
		deny.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
		deny.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{}}
		Expect(admin.Update(ctx, &deny)).To(Succeed())
		repaired(ctx, s, func(g Gomega) {
			g.Expect(admin.Get(ctx, key, &deny)).To(Succeed())
			g.Expect(deny.Spec.Ingress).To(BeEmpty())
			g.Expect(deny.Spec.Egress).To(BeEmpty())
		})

		By("a selector that lets the default deny miss pods")
		deny.Spec.PodSelector = metav1.LabelSelector{MatchLabels: map[string]string{"no": "body"}}
		Expect(admin.Update(ctx, &deny)).To(Succeed())
		repaired(ctx, s, func(g Gomega) {
			g.Expect(admin.Get(ctx, key, &deny)).To(Succeed())
			g.Expect(deny.Spec.PodSelector.MatchLabels).To(BeEmpty())
		})

		By("a deleted NetworkPolicy")
		Expect(admin.Delete(ctx, &deny)).To(Succeed())
		repaired(ctx, s, func(g Gomega) { g.Expect(admin.Get(ctx, key, &deny)).To(Succeed()) })

		By("somebody else in the runtime's RoleBinding")
		var access rbacv1.RoleBinding
		key = client.ObjectKey{Namespace: runtime, Name: "runtime"}
		Expect(admin.Get(ctx, key, &access)).To(Succeed())
		access.Subjects = append(access.Subjects, rbacv1.Subject{Kind: "ServiceAccount", Name: "thief", Namespace: "default"})
		Expect(admin.Update(ctx, &access)).To(Succeed())
		repaired(ctx, s, func(g Gomega) {
			g.Expect(admin.Get(ctx, key, &access)).To(Succeed())
			g.Expect(access.Subjects).To(HaveLen(1))
		})

		By("an edited Deployment")
		var d appsv1.Deployment
		key = client.ObjectKey{Namespace: runtime, Name: "runtime"}
		Expect(admin.Get(ctx, key, &d)).To(Succeed())
		d.Spec.Replicas = ptr.To[int32](0)
		d.Spec.Template.Spec.Containers[0].Image = imageB
		Expect(admin.Update(ctx, &d)).To(Succeed())
		repaired(ctx, s, func(g Gomega) {
			g.Expect(admin.Get(ctx, key, &d)).To(Succeed())
			g.Expect(*d.Spec.Replicas).To(BeEquivalentTo(2))
			g.Expect(d.Spec.Template.Spec.Containers[0].Image).To(Equal(imageA))
		})
	})

	It("that only adds is taken back and reported", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		namespace := desired.RuntimeNamespace(s.world.cell)
		var d appsv1.Deployment
		key := client.ObjectKey{Namespace: namespace, Name: desired.RuntimeDeployment}
		Expect(admin.Get(ctx, key, &d)).To(Succeed())
		pod := d.Spec.Template.Spec
		widened := d.DeepCopy()
		sidecar := corev1.Container{Name: "sidecar", Image: imageB, VolumeMounts: []corev1.VolumeMount{{Name: "loot", MountPath: "/loot"}}}
		widened.Spec.Template.Spec.Containers = append(widened.Spec.Template.Spec.Containers, sidecar)
		widened.Spec.Template.Spec.Containers[0].Env = append(widened.Spec.Template.Spec.Containers[0].Env, corev1.EnvVar{Name: "EXTRA", Value: "1"})
		widened.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "first", Image: imageB}}
		widened.Spec.Template.Spec.Volumes = append(widened.Spec.Template.Spec.Volumes, corev1.Volume{Name: "loot"})
		Expect(admin.Update(ctx, widened)).To(Succeed())
		repaired(ctx, s, func(g Gomega) {
			g.Expect(admin.Get(ctx, key, &d)).To(Succeed())
			g.Expect(d.Spec.Template.Spec).To(Equal(pod))
		})

		By("an address at which the Service listens")
		var service corev1.Service
		Expect(admin.Get(ctx, key, &service)).To(Succeed())
		service.Spec.ExternalIPs = []string{"192.0.2.1"}
		Expect(admin.Update(ctx, &service)).To(Succeed())
		repaired(ctx, s, func(g Gomega) {
			g.Expect(admin.Get(ctx, key, &service)).To(Succeed())
			g.Expect(service.Spec.ExternalIPs).To(BeEmpty())
		})

		By("a Service that somebody deletes")
		Expect(admin.Delete(ctx, &service)).To(Succeed())
		repaired(ctx, s, func(g Gomega) { g.Expect(admin.Get(ctx, key, &service)).To(Succeed()) })

		By("telling of all three on the Cell")
		for _, told := range []string{"Deployment %s/runtime was changed", "Service %s/runtime was changed", "Service %s/runtime was deleted"} {
			expectRepair(ctx, s.world.cell, fmt.Sprintf(told, namespace))
		}
		s.settle(ctx)
		s.expectQuiet(ctx)
	})

	It("of a Binding is taken back", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "drift-a")
		before, secret := s.bindingOf(ctx, t.Status.ID)
		for _, damage := range []string{"", "not JSON", `{"version":1,"state":"Active"}`} {
			secret.Data[binding.SecretKey] = []byte(damage)
			Expect(admin.Update(ctx, secret)).To(Succeed())
			Eventually(func(g Gomega) {
				_, err := s.tenant(ctx, "drift-a")
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(secret), secret)).To(Succeed())
				after, err := binding.Decode(secret.Data[binding.SecretKey])
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(after).To(Equal(before))
			}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
		}
		By("labels, by which runtimes find it")
		secret.Labels = nil
		Expect(admin.Update(ctx, secret)).To(Succeed())
		Eventually(func(g Gomega) {
			_, err := s.tenant(ctx, "drift-a")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(secret), secret)).To(Succeed())
			g.Expect(secret.Labels).To(HaveKeyWithValue(binding.LabelKind, binding.KindBinding))
			g.Expect(secret.Labels).To(HaveKeyWithValue(binding.LabelTenantID, t.Status.ID))
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())

		By("a deleted Binding, in the cell where it was")
		Expect(admin.Delete(ctx, secret)).To(Succeed())
		Eventually(func(g Gomega) {
			_, err := s.tenant(ctx, "drift-a")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(secret), &corev1.Secret{})).To(Succeed())
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
		after, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(after).To(Equal(before))
	})

	It("of the desired state removes what is not wanted any more", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		var c v1alpha1.Cell
		Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
		budget := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(c.Name), Name: "runtime"}}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(budget), budget)).To(Succeed())
		c.Spec.Runtime.Replicas = 1
		Expect(admin.Update(ctx, &c)).To(Succeed())
		repaired(ctx, s, func(g Gomega) {
			g.Expect(client.IgnoreNotFound(admin.Get(ctx, client.ObjectKeyFromObject(budget), budget))).To(Succeed())
			g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(budget), budget)).NotTo(Succeed())
		})
	})
})

// expectRepair waits for the Event that tells an object's owner of a repair.
func expectRepair(ctx context.Context, owner, note string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		var events eventsv1.EventList
		g.Expect(admin.List(ctx, &events)).To(Succeed())
		g.Expect(events.Items).To(ContainElement(And(
			HaveField("Regarding.Name", owner), HaveField("Reason", "DriftRepaired"), HaveField("Note", ContainSubstring(note)))))
	}).WithTimeout(patience).Should(Succeed())
}
