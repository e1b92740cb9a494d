//go:build e2e

package e2e

import (
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const operator = "system:serviceaccount:bulkhead-system:bulkhead-manager"

func atRest() {
	var log auditLog

	BeforeAll(func(ctx SpecContext) {
		log = auditLog(filepath.Join(state(), "logs", "audit.log"))
		provision(ctx, "at-rest")
		By("waiting until what the tests before have set off is over")
		Eventually(func() []string {
			begin := log.end()
			time.Sleep(10 * time.Second)
			return log.writes(operator, begin)
		}).WithContext(ctx).WithTimeout(2 * time.Minute).Should(BeEmpty())
	}, NodeTimeout(3*time.Minute))

	It("the operator writes nothing in a minute", func(SpecContext) {
		begin := log.end()
		time.Sleep(time.Minute)
		Expect(log.writes(operator, begin)).To(BeEmpty())
	}, SpecTimeout(2*time.Minute))

	It("the operator writes nothing after a restart", func(ctx SpecContext) {
		begin := log.end()
		for _, action := range []string{"restart", "status"} {
			_, err := kubectl(ctx, "", "rollout", action, "-n", "bulkhead-system", "deployment/bulkhead-manager")
			Expect(err).NotTo(HaveOccurred())
		}
		time.Sleep(time.Minute)
		Expect(log.requests(operator, begin)).NotTo(BeEmpty(), "the log has none of its requests at all")
		Expect(log.writes(operator, begin)).To(BeEmpty())
	}, SpecTimeout(3*time.Minute))
}
