package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

var _ = Describe("A shared tenant", func() {
	It("comes to life with four writes and stays so with none", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		s.wire.forget()
		t := s.readyTenant(ctx, "life-a")

		By("writing the finalizer, the credential, the Binding and the status, in this order")
		writes, _ := s.wire.seen()
		id := t.Status.ID
		Expect(id).To(Equal(string(t.UID)))
		Expect(writes).To(Equal([]string{
			"PATCH /apis/bulkhead.dev/v1alpha1/tenants/life-a",
			"POST /api/v1/namespaces/bulkhead-credentials/secrets",
			"POST /api/v1/namespaces/" + desired.RuntimeNamespace(s.world.cell) + "/secrets",
			"PATCH /apis/bulkhead.dev/v1alpha1/tenants/life-a/status",
		}))

		By("resolving defaults into the status and nothing into the spec")
		Expect(t.Spec).To(Equal(s.newTenant("life-a").Spec))
		Expect(t.Status.Plan).To(Equal("starter"))
		Expect(t.Status.Tier).To(Equal(v1alpha1.TierShared))
		Expect(*t.Status.Placement).To(Equal(v1alpha1.Placement{Database: s.world.cell, Compute: s.world.cell}))
		Expect(t.Status.ObservedGeneration).To(Equal(t.Generation))
		Expect(*t.Status.CredentialSecretRef).To(Equal(v1alpha1.SecretReference{Namespace: "bulkhead-credentials", Name: "life-a"}))

		By("binding the hash of the credential, never the credential")
		b, secret := s.bindingOf(ctx, id)
		apiKey := string(s.credentialOf(ctx, "life-a").Data[desired.CredentialAPIKey])
		Expect(b.Credentials).To(HaveLen(1))
		Expect(b.Credentials[0].Matches(apiKey)).To(BeTrue())
		Expect(string(secret.Data[binding.SecretKey])).NotTo(ContainSubstring(apiKey))
		Expect(secret.OwnerReferences).To(BeEmpty())
		Expect(b.Limits.Documents).To(BeEquivalentTo(1000))
		Expect(b.Limits.StorageBytes).To(BeEquivalentTo(1 << 30))

		By("letting its key be used by its cell's runtime only")
		role, ok := s.keys.Role(desired.VaultRole(id))
		Expect(ok).To(BeTrue())
		Expect(role.Namespace).To(Equal(desired.RuntimeNamespace(s.world.cell)))
		Expect(role.Key).To(Equal(desired.KeyName(id)))

		s.settle(ctx, "life-a")
		calls := s.keys.Calls()
		s.expectQuiet(ctx, "life-a")
		s.restart()
		s.settleReads(ctx, "life-a")
		s.expectQuiet(ctx, "life-a")
		Expect(s.keys.Calls()).To(Equal(calls), "a restart asked Vault without cause")
	})

	It("waits while Vault is sealed, and says so", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		s.keys.Fault = sealed
		Expect(admin.Create(ctx, s.newTenant("sealed-a"))).To(Succeed())
		t := s.tenantBecomes(ctx, "sealed-a", v1alpha1.ConditionKeyReady, metav1.ConditionFalse, v1alpha1.ReasonVaultSealed)
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("False/VaultSealed"))
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionRuntimeReady)).To(Equal("False/Blocked"))
		By("having made nothing by half")
		var secrets corev1.SecretList
		Expect(admin.List(ctx, &secrets, client.MatchingLabels{binding.LabelTenantID: t.Status.ID})).To(Succeed())
		Expect(secrets.Items).To(BeEmpty())
		By("going on by itself")
		s.keys.Fault = nil
		s.tenantBecomes(ctx, "sealed-a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})

	It("is not Ready before every pod has acknowledged", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		s.world.silent = true
		Expect(admin.Create(ctx, s.newTenant("ack-a"))).To(Succeed())
		s.clock.advance(0)
		Eventually(func(g Gomega) {
			result, err := s.tenant(ctx, "ack-a")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(BeNumerically(">", 0))
			s.clock.advance(time.Second)
			var t v1alpha1.Tenant
			g.Expect(admin.Get(ctx, client.ObjectKey{Name: "ack-a"}, &t)).To(Succeed())
			g.Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionRuntimeReady)).To(Equal("False/AwaitingAcknowledgement"))
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
		s.world.silent, s.world.key = false, binding.KeyDenied
		s.tenantBecomes(ctx, "ack-a", v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonKeyDenied)
		s.world.key = binding.KeyOK
		s.tenantBecomes(ctx, "ack-a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})

	It("hands a containment to the runtime even while Vault is away", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "contain-a")
		s.clock.advance(20 * time.Minute) // a probe of the key is due
		s.keys.Fault = sealed
		t.Spec.Containment = v1alpha1.ContainmentSuspended
		Expect(admin.Update(ctx, t)).To(Succeed())
		s.tenantBecomes(ctx, "contain-a", v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonContained)
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.Containment).To(Equal(binding.Suspended))
		Expect(b.Credentials).To(HaveLen(1))
	})

	It("never gets another key in the place of one that Vault has lost", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "lostkey-a")
		key := desired.KeyName(t.Status.ID)
		s.keys.SetKey(key, false)
		s.clock.advance(20 * time.Minute) // a probe is due
		t = s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionKeyReady, metav1.ConditionFalse, v1alpha1.ReasonKeyMissing)
		Expect(messageOf(t.Status.Conditions, v1alpha1.ConditionKeyReady)).To(And(ContainSubstring(key), ContainSubstring("restore Vault")))

		By("not even when its Binding is lost as well")
		_, secret := s.bindingOf(ctx, t.Status.ID)
		Expect(admin.Delete(ctx, secret)).To(Succeed())
		s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonBlocked)
		s.restart()
		for range 3 {
			result, err := s.tenant(ctx, t.Name)
			Expect(err).NotTo(HaveOccurred())
			Expect(result.RequeueAfter).To(BeNumerically(">", 0), "nothing else tells of a restored Vault")
		}
		Expect(s.keys.HasKey(key)).To(BeFalse())

		By("going on when Vault is restored")
		s.keys.SetKey(key, true)
		s.tenantBecomes(ctx, t.Name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})

	It("rotates its credential with an hour's overlap", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		t := s.readyTenant(ctx, "rotate-a")
		first := string(s.credentialOf(ctx, "rotate-a").Data[desired.CredentialAPIKey])
		two := int64(2)
		t.Spec.CredentialGeneration = &two
		Expect(admin.Update(ctx, t)).To(Succeed())
		Eventually(func(g Gomega) {
			_, err := s.tenant(ctx, "rotate-a")
			g.Expect(err).NotTo(HaveOccurred())
			b, _ := s.bindingOf(ctx, t.Status.ID)
			g.Expect(b.Credentials).To(HaveLen(2))
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
		b, _ := s.bindingOf(ctx, t.Status.ID)
		second := string(s.credentialOf(ctx, "rotate-a").Data[desired.CredentialAPIKey])
		Expect(second).NotTo(Equal(first))
		Expect(b.Credentials[0].Matches(second)).To(BeTrue())
		Expect(b.Credentials[0].ExpiresAt).To(BeNil())
		Expect(b.Credentials[1].Matches(first)).To(BeTrue())
		Expect(b.Credentials[1].Expired(s.clock.now())).To(BeFalse())

		By("dropping the first one after the hour")
		s.clock.advance(61 * time.Minute)
		Eventually(func(g Gomega) {
			_, err := s.tenant(ctx, "rotate-a")
			g.Expect(err).NotTo(HaveOccurred())
			b, _ := s.bindingOf(ctx, t.Status.ID)
			g.Expect(b.Credentials).To(HaveLen(1))
			g.Expect(b.Credentials[0].Matches(second)).To(BeTrue())
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	})

	It("keeps its credential after the hand-over Secret was collected", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		s.readyTenant(ctx, "collect-a")
		secret := s.credentialOf(ctx, "collect-a")
		apiKey := string(secret.Data[desired.CredentialAPIKey])
		Expect(admin.Delete(ctx, secret)).To(Succeed())
		t := s.tenantBecomes(ctx, "collect-a", v1alpha1.ConditionCredentialReady, metav1.ConditionTrue, v1alpha1.ReasonCollected)
		Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal("True/Ready"))
		b, _ := s.bindingOf(ctx, t.Status.ID)
		Expect(b.Credentials[0].Matches(apiKey)).To(BeTrue())
	})
})
