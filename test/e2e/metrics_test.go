//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"net/http"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// scraper reads the operator's metrics as Prometheus does: with a token that may.
type scraper struct{ url, token string }

// operatorMetrics makes what a scraper needs, until the test ends.
func operatorMetrics(ctx context.Context) scraper {
	GinkgoHelper()
	name := metav1.ObjectMeta{Name: ours + "-scraper"}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name.Name}}
	role := &rbacv1.ClusterRole{ObjectMeta: name, Rules: []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}}}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: name,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: account.Namespace, Name: account.Name}},
	}
	Expect(k.Create(ctx, account)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(k.Delete(ctx, account)).To(Succeed()) })
	Expect(k.Create(ctx, role)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(k.Delete(ctx, role)).To(Succeed()) })
	Expect(k.Create(ctx, binding)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(k.Delete(ctx, binding)).To(Succeed()) })
	request := &authenticationv1.TokenRequest{}
	Expect(k.SubResource("token").Create(ctx, account, request)).To(Succeed())
	url := forward(desired.SystemNamespace, "deployment/bulkhead-manager", 8443)
	return scraper{strings.Replace(url, "http://", "https://", 1) + "/metrics", request.Status.Token}
}

// count reads a counter without labels.
func (s scraper) count(ctx context.Context, counter string) int {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Authorization", "Bearer "+s.token)
	// The operator makes its certificate at each start.
	own := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer own.CloseIdleConnections()
	got, err := own.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer got.Body.Close()
	Expect(got.StatusCode).To(Equal(http.StatusOK))
	for lines := bufio.NewScanner(got.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), counter+" "); ok {
			number, err := strconv.ParseFloat(value, 64)
			Expect(err).NotTo(HaveOccurred())
			return int(number)
		}
	}
	Fail("the operator has no metric " + counter)
	return 0
}
