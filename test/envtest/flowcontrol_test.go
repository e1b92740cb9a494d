package envtest

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("API priority and fairness", func() {
	DescribeTable("sorts requests", func(ctx SpecContext, user, path, schema string) {
		var wanted flowcontrolv1.FlowSchema
		Expect(admin.Get(ctx, client.ObjectKey{Name: schema}, &wanted)).To(Succeed())
		config := rest.CopyConfig(adminConfig)
		config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:serviceaccounts", "system:authenticated"}}
		caller, err := rest.HTTPClientFor(config)
		Expect(err).NotTo(HaveOccurred())
		Eventually(func(g Gomega) { // the API server learns of a new schema by and by
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(config.Host, "/")+path, nil)
			g.Expect(err).NotTo(HaveOccurred())
			response, err := caller.Do(request)
			g.Expect(err).NotTo(HaveOccurred())
			defer response.Body.Close()
			g.Expect(response.Header.Get(flowcontrolv1.ResponseHeaderMatchedFlowSchemaUID)).To(Equal(string(wanted.UID)))
			g.Expect(response.Header.Get(flowcontrolv1.ResponseHeaderMatchedPriorityLevelConfigurationUID)).NotTo(BeEmpty())
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
	},
		Entry("about tenants, of the operator", operatorUser, "/apis/bulkhead.dev/v1alpha1/tenants", "bulkhead-operator"),
		Entry("about a cell, of the operator", operatorUser, "/api/v1/namespaces/bulkhead-x/secrets", "bulkhead-operator"),
		Entry("about its leadership, of the operator", operatorUser, "/apis/coordination.k8s.io/v1/namespaces/bulkhead-system/leases/bulkhead-manager", "bulkhead-leader-election"),
		Entry("of a runtime pod", "system:serviceaccount:bulkhead-x:runtime", "/api/v1/namespaces/bulkhead-x/secrets", "service-accounts"),
	)
})
