package envtest

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// newCluster is an empty Cluster of Cluster API.
func newCluster(name string) *unstructured.Unstructured {
	cluster := &unstructured.Unstructured{}
	cluster.SetGroupVersionKind(desired.ClusterAPIKind)
	cluster.SetNamespace(desired.ClustersNamespace)
	cluster.SetName(name)
	return cluster
}

func clusterNamed(ctx context.Context, name string) *unstructured.Unstructured {
	GinkgoHelper()
	cluster := newCluster(name)
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
	return cluster
}

// clusterNames are all that Cluster API was asked for.
func clusterNames(ctx context.Context) []string {
	GinkgoHelper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(desired.ClusterAPIKind)
	Expect(admin.List(ctx, list, client.InNamespace(desired.ClustersNamespace))).To(Succeed())
	var names []string
	for _, cluster := range list.Items {
		names = append(names, cluster.GetName())
	}
	return names
}

func workersOf(cluster *unstructured.Unstructured) []any {
	GinkgoHelper()
	workers, _, err := unstructured.NestedSlice(cluster.Object, "spec", "topology", "workers", "machineDeployments")
	Expect(err).NotTo(HaveOccurred())
	return workers
}

// playClusterAPI has Cluster API say why a Cluster is not what it should be.
func playClusterAPI(ctx context.Context, name, condition, reason, message string) {
	GinkgoHelper()
	cluster := clusterNamed(ctx, name)
	Expect(unstructured.SetNestedSlice(cluster.Object, []any{map[string]any{
		"type": condition, "status": "False", "reason": reason, "message": message, "lastTransitionTime": metav1.Now().UTC().Format("2006-01-02T15:04:05Z"),
	}}, "status", "conditions")).To(Succeed())
	Expect(admin.Status().Update(ctx, cluster)).To(Succeed())
}

// handOverKubeconfig does what Cluster API does when the cluster is there, and when
// it renews the kubeconfig.
func handOverKubeconfig(ctx context.Context, name string, kubeconfig []byte) {
	GinkgoHelper()
	secret := kubeconfigSecret(name)
	secret.Data = map[string][]byte{"value": kubeconfig}
	if err := admin.Create(ctx, secret); !apierrors.IsAlreadyExists(err) {
		Expect(err).NotTo(HaveOccurred())
		return
	}
	Expect(admin.Update(ctx, secret)).To(Succeed())
}

// kubeconfigOf is the Secret of a Cluster's kubeconfig.
func kubeconfigSecret(name string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: desired.ClustersNamespace, Name: name + "-kubeconfig", Labels: map[string]string{"cluster.x-k8s.io/cluster-name": name}},
		Type:       "cluster.x-k8s.io/secret",
	}
}

// administrators is the kubeconfig that Cluster API makes: by a client certificate,
// it may do everything.
func (r *remoteCluster) administrators(way *gate) []byte {
	GinkgoHelper()
	config := r.environment.Config
	Expect(config.CertData).NotTo(BeEmpty())
	content, err := clientcmd.Write(api.Config{
		Clusters:       map[string]*api.Cluster{"c": {Server: "https://" + way.address, CertificateAuthorityData: config.CAData}},
		AuthInfos:      map[string]*api.AuthInfo{"u": {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}},
		Contexts:       map[string]*api.Context{"x": {Cluster: "c", AuthInfo: "u"}},
		CurrentContext: "x",
	})
	Expect(err).NotTo(HaveOccurred())
	return content
}
