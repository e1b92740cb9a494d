//go:build e2e

package e2e

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// node is the process whose network is the devcluster's.
func node() string {
	GinkgoHelper()
	pid, err := os.ReadFile(filepath.Join(state(), "node.pid"))
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(string(pid))
}

// inNode runs a command in the devcluster's network.
func inNode(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"-t", node(), "-n"}, args...)...)
}

// address gives the devcluster's node an address that belongs to somebody outside of it.
func address(ctx context.Context, ip string) {
	GinkgoHelper()
	out, err := inNode(ctx, "ip", "address", "replace", ip+"/32", "dev", "lo").CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
	DeferCleanup(func(ctx SpecContext) {
		out, err := inNode(ctx, "ip", "address", "del", ip+"/32", "dev", "lo").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), "%s", out)
	})
}

// listener lets somebody listen at such an address.
func listener(ctx context.Context, at string) {
	GinkgoHelper()
	ip, _, err := net.SplitHostPort(at)
	Expect(err).NotTo(HaveOccurred())
	address(ctx, ip)
	program := filepath.Join(GinkgoT().TempDir(), "probe")
	out, err := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(repo, "hack"), "-o", program, "./probe").CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
	cmd := inNode(context.WithoutCancel(ctx), program, "listen", at)
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
}

// otherNode is a node without pods at an address where a kubelet listens: the devcluster's own does at each.
func otherNode(ctx context.Context, ip string) {
	GinkgoHelper()
	address(ctx, ip)
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: ours + "-elsewhere"}, Spec: corev1.NodeSpec{Unschedulable: true}}
	Expect(k.Create(ctx, n)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(k.Delete(ctx, n)).To(Succeed()) })
	before := n.DeepCopy()
	n.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: ip}}
	Expect(k.Status().Patch(ctx, n, client.MergeFrom(before))).To(Succeed())
}
