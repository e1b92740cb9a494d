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
)

// operatorUser is the identity that the operator has in a cluster: the tests
// run it with the rights of config/rbac and under the policies of config/admission.
const operatorUser = "system:serviceaccount:bulkhead-system:bulkhead-manager"

var (
	environment *envtest.Environment
	adminConfig *rest.Config
	admin       client.Client
	assets      string // directory of etcd, kube-apiserver and kubectl
)

func TestOperator(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "operator")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	assets = os.Getenv("KUBEBUILDER_ASSETS")
	Expect(assets).NotTo(BeEmpty(), "KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver; run `make test`, which builds them")
	ctrl.SetLogger(zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true)))
	environment = &envtest.Environment{
		BinaryAssetsDirectory:    assets,
		CRDDirectoryPaths:        append(cnpgCRDs(ctx), gatewayCRD(ctx)),
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	var err error
	adminConfig, err = environment.Start()
	Expect(err).NotTo(HaveOccurred())
	adminConfig.QPS = -1
	scheme, err := controllers.NewScheme()
	Expect(err).NotTo(HaveOccurred())
	admin, err = client.New(adminConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	install(ctx)
}, NodeTimeout(5*time.Minute))

var _ = AfterSuite(func() {
	if environment != nil {
		Expect(environment.Stop()).To(Succeed())
	}
})

// cnpgCRDs are the CloudNativePG definitions that its own module ships.
func cnpgCRDs(ctx context.Context) []string {
	bases := fileOf(ctx, "github.com/cloudnative-pg/cloudnative-pg", "config", "crd", "bases")
	return []string{filepath.Join(bases, "postgresql.cnpg.io_clusters.yaml"), filepath.Join(bases, "postgresql.cnpg.io_scheduledbackups.yaml")}
}

// gatewayCRD is the Gateway API's definition of routes that its own module ships.
func gatewayCRD(ctx context.Context) string {
	return fileOf(ctx, "sigs.k8s.io/gateway-api", "config", "crd", "standard", "gateway.networking.k8s.io_httproutes.yaml")
}

// fileOf is the path of a file of a Go module.
func fileOf(ctx context.Context, module string, path ...string) string {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	Expect(err).NotTo(HaveOccurred())
	return filepath.Join(append([]string{strings.TrimSpace(string(out))}, path...)...)
}

// install applies config/default as a user would.
func install(ctx SpecContext) {
	kubectlIn(ctx, environment, "apply", "--server-side", "-k", filepath.Join("..", "..", "config", "default"))
	kubectlIn(ctx, environment, "wait", "--for=condition=Established", "--timeout=30s",
		"crd/tenants.bulkhead.dev", "crd/cells.bulkhead.dev", "crd/plans.bulkhead.dev")
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
	out, err := exec.CommandContext(ctx, filepath.Join(assets, "kubectl"), append([]string{"--kubeconfig", kubeconfig}, args...)...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
}
