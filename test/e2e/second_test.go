//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// secondName is the second devcluster's, and that of the Secret with the operator's kubeconfig for it.
const secondName = "second"

// other is a second devcluster. Its network is linked to that of the first, and the operator may put cells
// on it.
type other struct {
	client.Client // its administrator's
	state         string
}

// startSecond brings the second devcluster up, links it to the first and does what config/remote asks for.
// If it was not running it is stopped when the container, the spec or the suite that called this has ended.
func startSecond(ctx context.Context) *other {
	GinkgoHelper()
	o := &other{state: state() + "-second"}
	if _, err := tool(ctx, "devcluster", o.state, "status", "--running"); err != nil {
		DeferCleanup(func(ctx SpecContext) { o.down(ctx) })
	}
	o.up(ctx)
	said, err := tool(ctx, "deploy", state(), "remote", o.state)
	Expect(err).NotTo(HaveOccurred(), said)
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig())
	Expect(err).NotTo(HaveOccurred())
	o.Client = newClient(config)
	return o
}

func (o *other) up(ctx context.Context) {
	GinkgoHelper()
	said, err := tool(ctx, "devcluster", o.state, "--name", secondName, "up", "--no-vault", "--link", state())
	Expect(err).NotTo(HaveOccurred(), said)
}

func (o *other) down(ctx context.Context) {
	GinkgoHelper()
	said, err := tool(ctx, "devcluster", o.state, "down")
	Expect(err).NotTo(HaveOccurred(), said)
}

func (o *other) kubeconfig() string { return filepath.Join(o.state, "kubeconfig") }

func (o *other) kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	return kubectlWith(ctx, o.kubeconfig(), stdin, args...)
}

// apiServer is the address of a cluster's API server, as pods of both clusters reach it.
func apiServer(ctx context.Context, of client.Reader) string {
	GinkgoHelper()
	var slice discoveryv1.EndpointSlice
	Expect(of.Get(ctx, client.ObjectKey{Namespace: "default", Name: "kubernetes"}, &slice)).To(Succeed())
	return fmt.Sprintf("%s:%d", slice.Endpoints[0].Addresses[0], *slice.Ports[0].Port)
}
