//go:build e2e

package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

func sealedVault() {
	It("holds up new tenants only, and those until it is unsealed", func(ctx SpecContext) {
		state()
		const question, expected = "What is the launch code?", "7-4-1"
		served := provision(ctx, "sealed-served")
		a := api{serviceOf(ours), apiKey(ctx, served)}
		a.put(ctx, "launch.md", "# Launch\n\nThe launch code is 7-4-1.\n")
		a.expectCited(ctx, a.ask(ctx, question), expected)

		devcluster(ctx, "vault", "seal")
		DeferCleanup(devcluster, "vault", "unseal")
		fresh := newTenant("sealed-new")
		Expect(k.Create(ctx, fresh)).To(Succeed())
		become(ctx, fresh.Name, v1alpha1.ConditionKeyReady, metav1.ConditionFalse, v1alpha1.ReasonVaultSealed)
		Expect(bound(ctx, fresh.Name)).To(BeEmpty(), "a tenant without a key has no Binding")
		Consistently(func() string { return a.ask(ctx, question).Answer }).WithTimeout(20 * time.Second).
			WithPolling(time.Second).Should(ContainSubstring(expected))

		devcluster(ctx, "vault", "unseal")
		ready(ctx, fresh.Name)
		ready(ctx, served.Name)
	}, SpecTimeout(4*time.Minute))
}
