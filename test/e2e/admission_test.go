//go:build e2e

package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// Even the administrator is refused: whoever moves a namespace into a cell moves its walls.
func admission() {
	namespace := desired.RuntimeNamespace(ours)
	DescribeTable("are the operator's alone", func(ctx SpecContext, args ...string) {
		_, err := kubectl(ctx, "", args...)
		Expect(err).To(MatchError(And(ContainSubstring("forbidden"), ContainSubstring("only the Bulkhead operator may change"))))
	},
		Entry("the cell that a namespace belongs to", "label", "namespace", namespace, "bulkhead.dev/cell=other", "--overwrite"),
		Entry("the cell, removed", "label", "namespace", namespace, "bulkhead.dev/cell-"),
		Entry("a label of ours on a foreign namespace", "label", "namespace", "default", "bulkhead.dev/cell="+ours),
		Entry("Pod Security, weakened", "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=privileged", "--overwrite"),
		Entry("Pod Security, removed", "label", "namespace", namespace, "pod-security.kubernetes.io/enforce-"),
		Entry("Pod Security, by the status", "patch", "namespace", namespace, "--subresource=status",
			"--type=merge", "-p", `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":null}}}`),
	)

	It("of other kinds are everybody's", func(ctx SpecContext) {
		_, err := kubectl(ctx, "", "label", "namespace", namespace, "team=search", "--overwrite")
		Expect(err).NotTo(HaveOccurred())
	}, SpecTimeout(time.Minute))
}
