// Package kube starts a real API server and etcd as a user's cluster is after
// `kubectl apply -k config/default`, and nothing else: no controller, no
// scheduler and no kubelet run in it.
package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// EnvAssets names the directory of etcd, kube-apiserver and kubectl.
const EnvAssets = "KUBEBUILDER_ASSETS"

// tokenLife outlives every run.
const tokenLife = 24 * time.Hour

// Kubernetes is a control plane with config/default and the definitions of
// CloudNativePG installed.
type Kubernetes struct {
	// Admin may do everything. Its requests are not throttled.
	Admin *rest.Config
	// Kubeconfig is a file with the same rights.
	Kubeconfig string

	environment *envtest.Environment
	assets, dir string
}

// Start starts a control plane. configure may set flags of its programs before.
func Start(ctx context.Context, configure func(*envtest.ControlPlane)) (*Kubernetes, error) {
	assets := os.Getenv(EnvAssets)
	if assets == "" {
		return nil, fmt.Errorf("%s names no directory with etcd and kube-apiserver; `go -C hack run ./devcluster binaries envtest` builds them and prints it", EnvAssets)
	}
	definitions, err := cloudNativePG(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bulkhead-kube-")
	if err != nil {
		return nil, err
	}
	k := &Kubernetes{assets: assets, dir: dir, Kubeconfig: filepath.Join(dir, "kubeconfig"), environment: &envtest.Environment{
		BinaryAssetsDirectory:    assets,
		CRDDirectoryPaths:        definitions,
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}}
	configure(&k.environment.ControlPlane)
	if err := k.start(ctx); err != nil {
		return nil, errors.Join(err, k.Stop())
	}
	return k, nil
}

func (k *Kubernetes) start(ctx context.Context) (err error) {
	if k.Admin, err = k.environment.Start(); err != nil {
		return err
	}
	k.Admin.QPS = -1
	if err := os.WriteFile(k.Kubeconfig, k.environment.KubeConfig, 0o600); err != nil {
		return err
	}
	if err := k.Kubectl(ctx, "apply", "--server-side", "-k", filepath.Join(repository(), "config", "default")); err != nil {
		return err
	}
	return k.Kubectl(ctx, "wait", "--for=condition=Established", "--timeout=30s",
		"crd/tenants.bulkhead.dev", "crd/cells.bulkhead.dev", "crd/plans.bulkhead.dev")
}

// Stop ends the control plane and removes what it stored.
func (k *Kubernetes) Stop() error {
	return errors.Join(k.environment.Stop(), os.RemoveAll(k.dir))
}

// Kubectl runs kubectl as the administrator.
func (k *Kubernetes) Kubectl(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(k.assets, "kubectl"), append([]string{"--kubeconfig", k.Kubeconfig}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Token issues a token of a ServiceAccount, for the API server itself when no
// audience is given.
func (k *Kubernetes) Token(ctx context.Context, namespace, serviceAccount string, audiences ...string) (string, error) {
	client, err := kubernetes.NewForConfig(k.Admin)
	if err != nil {
		return "", err
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		Audiences: audiences, ExpirationSeconds: ptr.To(int64(tokenLife / time.Second)),
	}}
	made, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, serviceAccount, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("token of %s/%s: %w", namespace, serviceAccount, err)
	}
	return made.Status.Token, nil
}

// As is how a ServiceAccount connects, with a token of its own.
func (k *Kubernetes) As(ctx context.Context, namespace, serviceAccount string) (*rest.Config, error) {
	token, err := k.Token(ctx, namespace, serviceAccount)
	if err != nil {
		return nil, err
	}
	config := rest.AnonymousClientConfig(k.Admin)
	config.BearerToken, config.QPS = token, -1
	return config, nil
}

// WriteKubeconfig writes a file with which a program connects as config says.
func WriteKubeconfig(config *rest.Config, file string) error {
	const name = "test"
	return clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: config.Host, CertificateAuthorityData: config.CAData}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: {Token: config.BearerToken}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, file)
}
