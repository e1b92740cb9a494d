package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/apply"
)

var _ = Describe("A Deployment that is handed to an autoscaler", func() {
	// scaled is an intent, nil replicas for one that leaves them to the autoscaler.
	scaled := func(image string, replicas any) *unstructured.Unstructured {
		labels := map[string]any{"app": "handover"}
		spec := map[string]any{
			"selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "c", "image": image}}},
			},
		}
		if replicas != nil {
			spec["replicas"] = replicas
		}
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": map[string]any{"name": "handover", "namespace": "default", "labels": labels}, "spec": spec,
		}}
	}

	It("keeps its pods", func(ctx SpecContext) {
		applier := &apply.Applier{Client: admin, Live: admin, Owned: func(map[string]string) bool { return true }}
		replicasAfter := func(intent *unstructured.Unstructured) int32 {
			GinkgoHelper()
			_, _, err := applier.Apply(ctx, nil, intent)
			Expect(err).NotTo(HaveOccurred())
			var d appsv1.Deployment
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(intent), &d)).To(Succeed())
			return *d.Spec.Replicas
		}
		DeferCleanup(func(ctx SpecContext) { Expect(admin.Delete(ctx, scaled("", nil))).To(Succeed()) })

		Expect(replicasAfter(scaled("a", int64(5)))).To(BeEquivalentTo(5))
		Expect(replicasAfter(scaled("a", nil))).To(BeEquivalentTo(5), "nobody has scaled it yet")

		By("scaling it as the autoscaler does")
		d := &appsv1.Deployment{}
		d.Namespace, d.Name = corev1.NamespaceDefault, "handover"
		scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 7}}
		Expect(admin.SubResource("scale").Update(ctx, d, client.WithSubResourceBody(scale))).To(Succeed())
		Expect(replicasAfter(scaled("b", nil))).To(BeEquivalentTo(7), "a roll-out is not a scaling")

		By("taking it back")
		Expect(replicasAfter(scaled("b", int64(2)))).To(BeEquivalentTo(2))
		_, wrote, err := applier.Apply(ctx, nil, scaled("b", int64(2)))
		Expect(err).NotTo(HaveOccurred())
		Expect(wrote).To(BeFalse())
	}, SpecTimeout(hang))
})
