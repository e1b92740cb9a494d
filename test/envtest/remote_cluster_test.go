package envtest

import (
	"context"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// remoteCluster is another API server, with what its owner installs there.
type remoteCluster struct {
	environment *envtest.Environment
	owner       client.Client
	// way is how the operator gets there.
	way *gate
}

// startRemote starts another API server and applies config/remote.
func startRemote(ctx SpecContext) *remoteCluster {
	GinkgoHelper()
	environment := &envtest.Environment{
		BinaryAssetsDirectory:    plane.Assets,
		CRDDirectoryPaths:        cnpgCRDs(ctx),
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	config, err := environment.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	kubectlIn(ctx, environment, "apply", "--server-side", "-k", "../../config/remote")
	owner, err := client.New(config, client.Options{Scheme: admin.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	server, err := url.Parse(config.Host)
	Expect(err).NotTo(HaveOccurred())
	way := newGate(server.Host)
	DeferCleanup(way.close)
	return &remoteCluster{environment: environment, owner: owner, way: way}
}

// playController does what the token controller of a whole cluster does: it puts
// a token into a ServiceAccount's Secret.
func (r *remoteCluster) playController(ctx context.Context, secretName, account string) string {
	GinkgoHelper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](3600)}}
	holder := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: desired.SystemNamespace, Name: account}}
	Expect(r.owner.SubResource("token").Create(ctx, holder, request)).To(Succeed())
	var secret corev1.Secret
	Expect(r.owner.Get(ctx, client.ObjectKey{Namespace: desired.SystemNamespace, Name: secretName}, &secret)).To(Succeed())
	secret.Data = map[string][]byte{corev1.ServiceAccountTokenKey: []byte(request.Status.Token)}
	Expect(r.owner.Update(ctx, &secret)).To(Succeed())
	return request.Status.Token
}

// kubeconfig is the one that the cluster's owner hands over.
func (r *remoteCluster) kubeconfig(token string) []byte {
	GinkgoHelper()
	return kubeconfigOf("https://"+r.way.address, r.environment.Config.CAData, token)
}

func kubeconfigOf(server string, ca []byte, token string) []byte {
	GinkgoHelper()
	content, err := clientcmd.Write(api.Config{
		Clusters:       map[string]*api.Cluster{"c": {Server: server, CertificateAuthorityData: ca}},
		AuthInfos:      map[string]*api.AuthInfo{"u": {Token: token}},
		Contexts:       map[string]*api.Context{"x": {Cluster: "c", AuthInfo: "u"}},
		CurrentContext: "x",
	})
	Expect(err).NotTo(HaveOccurred())
	return content
}

// hasAddresses waits for the API server to publish its own addresses.
func (r *remoteCluster) hasAddresses(ctx SpecContext) {
	GinkgoHelper()
	Eventually(func() int {
		var slices discoveryv1.EndpointSliceList
		_ = r.owner.List(ctx, &slices, client.InNamespace("default"))
		return len(slices.Items)
	}).WithTimeout(patience).ShouldNot(BeZero())
}
