//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func killedOperator() {
	It("finishes every tenant that it had begun", func(ctx SpecContext) {
		var names []string
		for i := range 10 {
			t := newTenant(fmt.Sprintf("crash-%d", i))
			names = append(names, t.Name)
			Expect(k.Create(ctx, t)).To(Succeed())
			if i == 4 || i == 9 { // among the first ones, and among the last ones
				killOperator(ctx)
			}
		}
		url := serviceOf(ours)
		for _, name := range names {
			Eventually(tenant).WithContext(ctx).WithArguments(name).WithTimeout(90 * time.Second).Should(beReady())
			Expect(bound(ctx, name)).To(HaveLen(1))
			t, err := tenant(ctx, name)
			Expect(err).NotTo(HaveOccurred())
			got := api{url, apiKey(ctx, t)}.list(ctx)
			Expect(got.Status).To(Equal(http.StatusOK), got.Body)
		}
	}, SpecTimeout(4*time.Minute))
}

// killOperator gives it no time to do anything more.
func killOperator(ctx SpecContext) {
	GinkgoHelper()
	_, err := kubectl(ctx, "", "delete", "pod", "-n", "bulkhead-system", "-l", "app.kubernetes.io/name=bulkhead-manager",
		"--grace-period=0", "--force")
	Expect(err).NotTo(HaveOccurred())
}
