//go:build e2e

package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func atRest() {
	BeforeAll(func(ctx SpecContext) {
		log := newAuditLog()
		provision(ctx, "at-rest")
		By("waiting until what the tests before have set off is over")
		Eventually(func() []string {
			time.Sleep(10 * time.Second)
			_, writes := operatorRequests(log)
			return writes
		}).WithContext(ctx).WithTimeout(2 * time.Minute).Should(BeEmpty())
	}, NodeTimeout(3*time.Minute))

	It("the operator writes nothing in a minute", func(SpecContext) {
		log := newAuditLog()
		time.Sleep(time.Minute)
		_, writes := operatorRequests(log)
		Expect(writes).To(BeEmpty())
	}, SpecTimeout(2*time.Minute))

	It("the operator writes nothing after a restart", func(ctx SpecContext) {
		log := newAuditLog()
		for _, action := range []string{"restart", "status"} {
			_, err := kubectl(ctx, "", "rollout", action, "-n", "bulkhead-system", "deployment/bulkhead-manager")
			Expect(err).NotTo(HaveOccurred())
		}
		time.Sleep(time.Minute)
		all, writes := operatorRequests(log)
		Expect(all).NotTo(BeEmpty(), "the log has none of its requests at all")
		Expect(writes).To(BeEmpty())
	}, SpecTimeout(3*time.Minute))
}
