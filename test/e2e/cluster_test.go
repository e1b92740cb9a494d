//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// repo is the checkout, seen from this folder.
const repo = "../.."

// patience bounds every request and every command, so that a test that hangs says where.
const patience = 2 * time.Minute

// k is the administrator's client.
var k client.Client

func connect() {
	GinkgoHelper()
	log.SetLogger(GinkgoLogr)
	rest, err := config.GetConfig()
	Expect(err).NotTo(HaveOccurred(), "set KUBECONFIG to a running cluster's")
	k = newClient(rest)
}

func newClient(config *rest.Config) client.Client {
	GinkgoHelper()
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(apiextensionsv1.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	Expect(cnpgv1.AddToScheme(scheme)).To(Succeed())
	config.Timeout = patience
	c, err := client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred(), "is the cluster up?")
	return c
}

// kubectl runs what a user would type.
func kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	return kubectlWith(ctx, os.Getenv("KUBECONFIG"), stdin, args...)
}

func kubectlWith(ctx context.Context, kubeconfig, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, "kubectl", args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.Dir = repo
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// state is the devcluster's directory. A cluster of the user's own has no such thing, and the tests that
// need it say that they are left out.
func state() string {
	GinkgoHelper()
	if os.Getenv("USE_EXISTING_CLUSTER") == "true" {
		Skip("needs the devcluster: it seals OpenBao, reads the API server's audit log, or changes the node's network")
	}
	dir := os.Getenv("BULKHEAD_STATE")
	if dir == "" {
		dir = filepath.Join(repo, ".devcluster")
	}
	absolute, err := filepath.Abs(dir)
	Expect(err).NotTo(HaveOccurred())
	return absolute
}

func devcluster(ctx context.Context, args ...string) {
	GinkgoHelper()
	out, err := tool(ctx, "devcluster", state(), args...)
	Expect(err).NotTo(HaveOccurred(), out)
}

// tool runs a program of hack/ on a devcluster and returns what it said. It may compile images.
func tool(ctx context.Context, name, state string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "-C", "hack", "./" + name, "--state", state}, args...)...)
	cmd.Dir = repo
	out, err := cmd.CombinedOutput()
	return string(out), err
}
