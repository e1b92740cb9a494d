package envtest

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// remotely marks the calls to a tenant's own cluster.
const remotely = "/another-cluster"

// elsewhere starts another cluster, and puts the operator's wire between the two.
func (s *scene) elsewhere(ctx SpecContext) (client.Client, *v1alpha1.ClusterReference) {
	GinkgoHelper()
	there := startRemote(ctx)
	there.hasAddresses(ctx)
	there.playController(ctx, "bulkhead-vault-reviewer-token", "bulkhead-vault-reviewer")
	token := there.playController(ctx, "bulkhead-manager-token", "bulkhead-manager")
	proxy := httptest.NewTLSServer(s.proxyTo(there.environment.Config))
	DeferCleanup(func() {
		s.stop() // its watches hold connections
		proxy.CloseClientConnections()
		proxy.Close()
	})
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})
	name := s.world.cell + "-elsewhere"
	Expect(admin.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: desired.ClustersNamespace, Name: name},
		Data:       map[string][]byte{"kubeconfig": kubeconfigOf(proxy.URL, ca, token)},
	})).To(Succeed())
	return there.owner, &v1alpha1.ClusterReference{KubeconfigSecretRef: &v1alpha1.KubeconfigReference{Name: name}}
}

// proxyTo carries requests to a cluster as long as the operator's process lives.
func (s *scene) proxyTo(cluster *rest.Config) http.Handler {
	GinkgoHelper()
	server, err := url.Parse(cluster.Host)
	Expect(err).NotTo(HaveOccurred())
	next, err := rest.TransportFor(rest.AnonymousClientConfig(cluster))
	Expect(err).NotTo(HaveOccurred())
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(server) },
		Transport: carrier(func(r *http.Request) (*http.Response, error) {
			return s.current.Load().carry(next, remotely, r)
		}),
		// A process that is dead gets no answer.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

// carrier makes a function a RoundTripper.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }
