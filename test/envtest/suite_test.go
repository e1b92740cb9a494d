// Package envtest proves the operator against a real API server and etcd. The
// reconcilers are called directly; the parts of a cluster that envtest lacks
// (CloudNativePG, the Job and Deployment controllers, the runtime) are played by
// world_test.go, in the open.
package envtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/bulkhead-dev/bulkhead/controllers"
	"github.com/bulkhead-dev/bulkhead/test/kube"
)

// operatorUser is the identity that the operator has in a cluster: the tests
// run it with the rights of config/rbac and under the policies of config/admission.
const operatorUser = "system:serviceaccount:bulkhead-system:bulkhead-manager"

var (
	plane       *kube.Kubernetes
	adminConfig *rest.Config
	admin       client.Client
)

func TestOperator(t *testing.T) {
	RegisterFailHandler(Fail)
	suite, reporter := GinkgoConfiguration()
	suite.Timeout = 2 * time.Hour // go test's of hack/test.sh, not Ginkgo's hour
	RunSpecs(t, "operator", suite, reporter)
}

var _ = BeforeSuite(func(ctx SpecContext) {
	ctrl.SetLogger(zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true)))
	var err error
	plane, err = kube.Start(ctx, kube.Options{Definitions: []string{gatewayCRD(ctx)}})
	Expect(err).NotTo(HaveOccurred())
	adminConfig = plane.Admin
	scheme, err := controllers.NewScheme()
	Expect(err).NotTo(HaveOccurred())
	admin, err = client.New(adminConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
}, NodeTimeout(hang))

var _ = AfterSuite(func() {
	if plane != nil {
		Expect(plane.Stop()).To(Succeed())
	}
})

// cnpgCRDs are the CloudNativePG definitions that its own module ships.
func cnpgCRDs(ctx context.Context) []string {
	GinkgoHelper()
	files, err := kube.CloudNativePG(ctx)
	Expect(err).NotTo(HaveOccurred())
	return files
}

// gatewayCRD is the Gateway API's definition of routes that its own module ships.
func gatewayCRD(ctx context.Context) string {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	Expect(err).NotTo(HaveOccurred())
	return filepath.Join(strings.TrimSpace(string(out)), "config", "crd", "standard", "gateway.networking.k8s.io_httproutes.yaml")
}

// kubectlIn runs kubectl as an administrator.
func kubectlIn(ctx SpecContext, in *envtest.Environment, args ...string) {
	GinkgoHelper()
	user, err := in.AddUser(envtest.User{Name: "installer", Groups: []string{"system:masters"}}, nil)
	Expect(err).NotTo(HaveOccurred())
	content, err := user.KubeConfig()
	Expect(err).NotTo(HaveOccurred())
	kubeconfig := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, content, 0o600)).To(Succeed())
	out, err := exec.CommandContext(ctx, filepath.Join(plane.Assets, "kubectl"), append([]string{"--kubeconfig", kubeconfig}, args...)...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
}
