package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// modelKey is a Secret with the key of a model's API.
func modelKey(name, key, origin string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: desired.ModelsNamespace, Name: name},
		StringData: map[string]string{desired.ModelAPIKey: key, desired.ModelOrigin: origin},
	}
}

func chatModel(url, secret string) *v1alpha1.Models {
	return &v1alpha1.Models{Chat: &v1alpha1.ChatModel{ModelEndpoint: v1alpha1.ModelEndpoint{
		URL: url, Model: "m", APIKeySecretRef: &v1alpha1.ModelKeyReference{Name: secret},
	}}}
}

var _ = Describe("A tenant with models", func() {
	It("says what is missing, is served without, and with when it is there", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.newTenant("models-a")
		t.Spec.Models = chatModel("https://models.example/v1", "models-a")
		Expect(admin.Create(ctx, t)).To(Succeed())

		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionModelsReady)).To(Equal("False/ModelKeyMissing"))
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(And(
			ContainSubstring("spec.models.chat: there is no Secret bulkhead-models/models-a"), ContainSubstring("served without")))
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.Models).To(BeNil())

		By("getting the key")
		secret := modelKey("models-a", "sk-1\n", "https://models.example:443")
		Expect(admin.Create(ctx, secret)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		b, _ = s.bindingOf(ctx, t.Status.ID)
		Expect(*b.Models).To(Equal(binding.Models{Chat: &binding.ChatModel{
			ModelEndpoint: binding.ModelEndpoint{URL: "https://models.example/v1", Model: "m", Key: "sk-1"}, ContextTokens: 8192,
		}}))
		s.settle(ctx, t.Name)
		s.expectQuiet(ctx, t.Name)
		s.restart()
		s.settleReads(ctx, t.Name)
		s.expectQuiet(ctx, t.Name)

		By("not sending the key to another API than it is for")
		t.Spec.Models.Chat.URL = "https://thief.example/v1"
		Expect(admin.Update(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionModelsReady, metav1.ConditionFalse, v1alpha1.ReasonModelKeyInvalid)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionModelsReady)).To(And(ContainSubstring("is not for the API at the url"), Not(ContainSubstring("sk-1"))))
		b, _ = s.bindingOf(ctx, t.Status.ID)
		Expect(b.Models).To(BeNil())

		By("keeping the name of what made the index")
		t.Spec.Models.Embedding = &v1alpha1.EmbeddingModel{ModelEndpoint: t.Spec.Models.Chat.ModelEndpoint, Dimensions: 8}
		Expect(admin.Update(ctx, t)).To(Succeed())
		Eventually(func() *binding.Models {
			t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionModelsReady, metav1.ConditionFalse, v1alpha1.ReasonModelKeyInvalid)
			b, _ = s.bindingOf(ctx, t.Status.ID)
			return b.Models
		}).WithTimeout(patience).WithPolling(pace).Should(Equal(&binding.Models{Embedding: &binding.EmbeddingModel{
			ModelEndpoint: binding.ModelEndpoint{Model: "m"}, Dimensions: 8, Unusable: true,
		}}))

		By("losing the models")
		t.Spec.Models = nil
		Expect(admin.Update(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionModelsReady)).To(Equal("absent"))
	})

	It("reaches private addresses by its plan only", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.newTenant("models-b")
		t.Spec.PlanRef = &v1alpha1.PlanReference{Name: "models-b"}
		plan := starterPlan()
		plan.Name = "models-b"
		plan.Spec.ModelEndpoints = []v1alpha1.Endpoint{{Name: "internet", CIDRs: []string{"0.0.0.0/0"}, Port: 8080}}
		create(ctx, plan)
		t.Spec.Models = chatModel("http://10.1.2.3:8080/v1", "models-b")
		Expect(admin.Create(ctx, modelKey("models-b", "sk-1", "http://10.1.2.3:8080"))).To(Succeed())
		Expect(admin.Create(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionModelsReady, metav1.ConditionFalse, v1alpha1.ReasonModelRefused)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionModelsReady)).To(ContainSubstring("no private address is allowed at port 8080"))

		Expect(admin.Get(ctx, client.ObjectKeyFromObject(plan), plan)).To(Succeed())
		plan.Spec.ModelEndpoints[0].CIDRs = []string{"10.1.0.0/16"}
		Expect(admin.Update(ctx, plan)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionModelsReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.Models.Private).To(Equal([]binding.PrivateRange{{CIDR: "10.1.0.0/16", Port: 8080}}))

		By("giving up the key with the tenant")
		s.deleteTenant(ctx, t)
		retained, secret := s.bindingOf(ctx, t.Status.ID)
		Expect(retained.Models).To(BeNil())
		Expect(string(secret.Data[binding.SecretKey])).NotTo(ContainSubstring("sk-1"))
	})
})

// Nobody calls Reconcile here: what happens, the watches have to tell.
var _ = Describe("The watches of models", func() {
	It("wake a tenant for its key: changed, deleted, made", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		secret := modelKey("models-c", "sk-1", "https://models.example")
		Expect(admin.Create(ctx, secret)).To(Succeed())
		t := s.newTenant("models-c")
		t.Spec.Models = chatModel("https://models.example/v1", secret.Name)
		Expect(admin.Create(ctx, t)).To(Succeed())
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		s.operator.stop()
		stop := s.run(t.Name)
		defer stop()
		key := func() string {
			s.world.turn(ctx)
			b, _ := s.bindingOf(ctx, t.Status.ID)
			if b.Models == nil {
				return "none"
			}
			return b.Models.Chat.Key
		}
		s.eventually(ctx, t, "True/Ready")
		secret.StringData = map[string]string{desired.ModelAPIKey: "sk-2"}
		Expect(admin.Update(ctx, secret)).To(Succeed())
		Eventually(key).WithTimeout(patience).WithPolling(pace).Should(Equal("sk-2"))
		Expect(admin.Delete(ctx, secret)).To(Succeed())
		Eventually(key).WithTimeout(patience).WithPolling(pace).Should(Equal("none"))
		s.eventually(ctx, t, "False/ModelKeyMissing")
		Expect(admin.Create(ctx, modelKey("models-c", "sk-3", "https://models.example"))).To(Succeed())
		Eventually(key).WithTimeout(patience).WithPolling(pace).Should(Equal("sk-3"))
		s.eventually(ctx, t, "True/Ready")
	})
})
