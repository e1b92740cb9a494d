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

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"

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
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		Expect(add(scheme)).To(Succeed())
	}
	rest, err := config.GetConfig()
	Expect(err).NotTo(HaveOccurred(), "set KUBECONFIG to a running cluster's")
	rest.Timeout = patience
	k, err = client.New(rest, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred(), "is the cluster up?")
}

// kubectl runs what a user would type.
func kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, "kubectl", args...)
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
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "-C", "hack", "./devcluster", "--state", state()}, args...)...)
	cmd.Dir = repo
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
}
