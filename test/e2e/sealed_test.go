//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

const (
	crowd     = 20
	sealedFor = 2 * time.Minute
	// askedWhileSealed bounds the requests to a sealed Vault: one of each of the 8
	// workers before any of them hears of it, then one after 1, 2, 4 and 8 s and every 15 s.
	askedWhileSealed = 8 + 4 + int(sealedFor/(15*time.Second))
	// convergence is the longest of these pauses, the interval of retries and the work itself.
	convergence = 45 * time.Second
)

func sealedVault() {
	It("holds up new tenants only, and those until it is unsealed", func(ctx SpecContext) {
		state()
		const question, expected = "What is the launch code?", "7-4-1"
		served := provision(ctx, "sealed-served")
		a := api{serviceOf(ours), apiKey(ctx, served)}
		a.put(ctx, "launch.md", "# Launch\n\nThe launch code is 7-4-1.\n")
		a.expectCited(ctx, a.ask(ctx, question), expected)
		manager := operatorMetrics(ctx)

		devcluster(ctx, "vault", "seal")
		DeferCleanup(devcluster, "vault", "unseal")
		sealed, before := time.Now(), manager.count(ctx, vault.MetricRequests)
		names := createCrowd(ctx)
		for _, name := range names {
			t := become(ctx, name, v1alpha1.ConditionKeyReady, metav1.ConditionFalse, v1alpha1.ReasonVaultSealed)
			Expect(t).To(haveCondition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonVaultSealed))
			Expect(bound(ctx, name)).To(BeEmpty(), "a tenant without a key has no Binding")
		}
		Consistently(func() string { return a.ask(ctx, question).Answer }).WithTimeout(time.Until(sealed.Add(sealedFor))).
			WithPolling(time.Second).Should(ContainSubstring(expected))
		asked := manager.count(ctx, vault.MetricRequests) - before
		Expect(asked).To(And(BeNumerically(">", 0), BeNumerically("<=", askedWhileSealed)), "requests to a sealed Vault")

		devcluster(ctx, "vault", "unseal")
		unsealed, before := time.Now(), manager.count(ctx, vault.MetricRequests)
		for i, name := range names {
			patience := time.Until(unsealed.Add(convergence))
			if i == crowd { // its database takes its own time
				patience = tierPatience
			}
			Eventually(tenant).WithContext(ctx).WithArguments(name).WithTimeout(patience).Should(beReady())
		}
		ready(ctx, served.Name)
		took, needed := time.Since(unsealed), manager.count(ctx, vault.MetricRequests)-before
		GinkgoWriter.Printf("%d requests in %s while sealed; %d tenants Ready %s after, with %d\n", asked, sealedFor, len(names), took, needed)
		var all v1alpha1.TenantList
		Expect(k.List(ctx, &all)).To(Succeed())
		Expect(needed).To(BeNumerically("<=", 3*len(all.Items)+8), "a key, a policy and a role of each, or a look at them, and logins")
	}, SpecTimeout(10*time.Minute))
}

// createCrowd makes many Shared tenants and one with a database of its own.
func createCrowd(ctx context.Context) []string {
	GinkgoHelper()
	var names []string
	for i := range crowd + 1 {
		t := newTenant(fmt.Sprintf("sealed-%d", i))
		if i == crowd {
			t.Spec.Tier = v1alpha1.TierDedicatedDatabase
		}
		Expect(k.Create(ctx, t)).To(Succeed())
		names = append(names, t.Name)
	}
	return names
}
