package envtest

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

const (
	rbacGroup    = "rbac.authorization.k8s.io"
	reviewerUser = "system:serviceaccount:bulkhead-system:bulkhead-vault-reviewer"
)

// right is something that an identity may or may not do.
type right struct {
	verb, group, resource, namespace, name string
}

// expectRights asks a cluster whether a ServiceAccount may, or may not, do something. What it
// may do the cluster learns a moment after it is granted.
func expectRights(ctx context.Context, cluster client.Client, user string, allowed bool, rights ...right) {
	GinkgoHelper()
	for _, r := range rights {
		if allowed {
			Eventually(may).WithArguments(ctx, cluster, user, r).WithTimeout(patience).WithPolling(pace).Should(BeTrue(), "%+v", r)
		} else {
			Expect(may(ctx, cluster, user, r)).To(BeFalse(), "%+v", r)
		}
	}
}

// may asks a cluster whether a ServiceAccount has a right.
func may(ctx context.Context, cluster client.Client, user string, r right) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user, Groups: []string{"system:serviceaccounts", "system:authenticated"},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: r.verb, Group: r.group, Version: "*", Resource: r.resource, Namespace: r.namespace, Name: r.name,
		},
	}}
	err := cluster.Create(ctx, review)
	return review.Status.Allowed, err
}

// A cluster of its own, as config/remote and config/default are for different ones.
var _ = Describe("Another cluster", Ordered, func() {
	var owner, operator client.Client

	BeforeAll(func(ctx SpecContext) {
		there := startRemote(ctx)
		owner = there.owner
		config := rest.CopyConfig(there.environment.Config)
		var err error
		config.Impersonate = rest.ImpersonationConfig{UserName: operatorUser, Groups: []string{"system:serviceaccounts", "system:authenticated"}}
		operator, err = client.New(config, client.Options{Scheme: admin.Scheme()})
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(hang))

	DescribeTable("gives exactly the rights of config/remote",
		func(ctx SpecContext, user string, allowed bool, rights ...right) {
			expectRights(ctx, owner, user, allowed, rights...)
		},
		Entry("to the operator, what makes a cell", operatorUser, true,
			right{verb: "create", resource: "namespaces"},
			right{verb: "patch", group: rbacGroup, resource: "rolebindings", namespace: "bulkhead-x"},
			right{verb: "bind", group: rbacGroup, resource: "clusterroles", name: desired.ClusterRoleManager},
			right{verb: "bind", group: rbacGroup, resource: "clusterroles", name: desired.ClusterRoleRuntime},
			right{verb: "watch", group: "discovery.k8s.io", resource: "endpointslices", namespace: "default"}),
		Entry("to the operator, a look at the prerequisites", operatorUser, true,
			right{verb: "get", group: rbacGroup, resource: "clusterroles", name: desired.ClusterRoleManager},
			right{verb: "get", group: rbacGroup, resource: "clusterroles", name: desired.ClusterRoleRuntime},
			right{verb: "get", group: "apiextensions.k8s.io", resource: "customresourcedefinitions", name: "clusters.postgresql.cnpg.io"},
			right{verb: "get", resource: "secrets", namespace: "bulkhead-system", name: "bulkhead-vault-reviewer-token"}),
		Entry("to the operator, nothing more", operatorUser, false,
			right{verb: "bind", group: rbacGroup, resource: "clusterroles", name: "cluster-admin"},
			right{verb: "get", group: rbacGroup, resource: "clusterroles", name: "cluster-admin"},
			right{verb: "get", resource: "secrets", namespace: "bulkhead-system", name: "bulkhead-manager-token"},
			right{verb: "list", resource: "secrets", namespace: "bulkhead-system"},
			right{verb: "get", resource: "secrets", namespace: "kube-system"},
			right{verb: "list", resource: "pods"},
			right{verb: "create", group: "events.k8s.io", resource: "events"},
			right{verb: "create", group: "authentication.k8s.io", resource: "tokenreviews"},
			right{verb: "get", group: "bulkhead.dev", resource: "tenants"},
			right{verb: "delete", group: rbacGroup, resource: "rolebindings", namespace: "bulkhead-x"},
			right{verb: "get", group: "apiextensions.k8s.io", resource: "customresourcedefinitions"},
			right{verb: "watch", group: "discovery.k8s.io", resource: "endpointslices", namespace: "kube-system"}),
		Entry("to Vault, the question whether a token is genuine", reviewerUser, true,
			right{verb: "create", group: "authentication.k8s.io", resource: "tokenreviews"}),
		Entry("to Vault, nothing more", reviewerUser, false,
			right{verb: "create", group: "authorization.k8s.io", resource: "subjectaccessreviews"},
			right{verb: "list", resource: "namespaces"},
			right{verb: "get", resource: "secrets", namespace: "bulkhead-system"}),
	)

	It("confines the operator to bulkhead-*, and keeps it out of its own installation", func(ctx SpecContext) {
		named := func(name string) *corev1.Namespace {
			return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{desired.LabelManagedBy: desired.ManagedBy}}}
		}
		Eventually(func() bool { // a new policy takes a moment
			return apierrors.IsForbidden(operator.Create(ctx, named("elsewhere"), client.DryRunAll))
		}).WithTimeout(30 * time.Second).Should(BeTrue())
		Expect(apierrors.IsForbidden(operator.Delete(ctx, named("bulkhead-system")))).To(BeTrue())
		for _, namespace := range []string{"kube-system", "bulkhead-system"} {
			Expect(apierrors.IsForbidden(operator.Create(ctx, roleBindingIn(namespace)))).To(BeTrue(), namespace)
		}
		Expect(operator.Create(ctx, named("bulkhead-eu-1"))).To(Succeed())
		Expect(operator.Create(ctx, roleBindingIn("bulkhead-eu-1"))).To(Succeed())
		Expect(apierrors.IsForbidden(owner.Create(ctx, named("bulkhead-eu-2")))).To(BeTrue(), "nobody else makes one of ours")
	}, SpecTimeout(hang))
})
