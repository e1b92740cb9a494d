//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const strangers = ours + "-strangers" // a namespace

// walls are shown with pods that differ only in where they are and in their labels.
func walls() {
	It("let through what the runtime needs, and nothing else", func(ctx SpecContext) {
		makeStrangers(ctx, k)
		runtimeLabels := desired.RuntimePod(ours)
		inside := probe(ctx, desired.RuntimeNamespace(ours), ours+"-probe", runtimeLabels, "sleep")
		stranger := probe(ctx, strangers, "stranger", nil, "sleep")
		impostor := probe(ctx, strangers, "impostor", runtimeLabels, "sleep")
		listener := probe(ctx, strangers, "listener", nil, "listen", ":8080")
		decoy := probe(ctx, strangers, "decoy", map[string]string{"cnpg.io/cluster": desired.DatabaseCluster}, "listen", ":5432")
		served := runtimePod(ctx)

		database := desired.DatabaseHost(ours) + ":5432"
		const dns, vault, kubernetes = "kube-dns.kube-system.svc:53", "openbao.openbao.svc:8200", "kubernetes.default.svc:443"
		for _, v := range []visit{
			{"the runtime reaches its database", inside, database, true},
			{"the runtime reaches DNS", inside, dns, true},
			{"the runtime reaches the Vault", inside, vault, true},
			{"the runtime reaches the Kubernetes API", inside, kubernetes, true},
			{"strangers reach each other, so their network works", stranger, at(listener, 8080), true},
			{"a stranger reaches another that poses as a database", stranger, at(decoy, 5432), true},
			{"an impostor reaches a stranger", impostor, at(listener, 8080), true},

			{"the runtime reaches no stranger", inside, at(listener, 8080), false},
			{"the runtime reaches no database but its own", inside, at(decoy, 5432), false},
			{"the runtime reaches no metadata service", inside, "169.254.169.254:80", false},
			{"a stranger reaches no database", stranger, database, false},
			{"the labels of the runtime are worth nothing elsewhere", impostor, database, false},
			{"a stranger reaches no runtime's API", stranger, at(served, binding.PortAPI), false},
			{"a stranger reaches no runtime's metrics", stranger, at(served, binding.PortOps), false},
		} {
			By(v.what)
			v.expect(ctx)
		}
	}, SpecTimeout(4*time.Minute))
}

// visit is an attempt to connect.
type visit struct {
	what    string
	from    *corev1.Pod
	to      string
	allowed bool
}

// kubectlFunc is kubectl for one cluster.
type kubectlFunc func(ctx context.Context, stdin string, args ...string) (string, error)

// expect tries an allowed connection for a while, because a new pod's permissions take a moment to reach
// the node's packet filter; one that is not allowed has to fail from the first packet.
func (v visit) expect(ctx context.Context) {
	GinkgoHelper()
	v.expectBy(ctx, kubectl)
}

func (v visit) expectBy(ctx context.Context, kubectl kubectlFunc) {
	GinkgoHelper()
	attempt := func() (string, error) {
		return kubectl(ctx, "", "exec", "-n", v.from.Namespace, v.from.Name, "--", "/probe", "tcp", v.to)
	}
	if v.allowed {
		Eventually(attempt).WithContext(ctx).Should(HavePrefix("connected to "), v.what)
		return
	}
	said, err := attempt()
	Expect(err).To(HaveOccurred(), "%s, but: %s", v.what, said)
	Expect(said).To(And(HavePrefix("no connection to "+v.to), Not(ContainSubstring("lookup "))), v.what)
}

func at(pod *corev1.Pod, port int32) string {
	return net.JoinHostPort(pod.Status.PodIP, fmt.Sprint(port))
}

// makeStrangers makes their namespace, and waits until pods can be made in it.
func makeStrangers(ctx context.Context, c client.Client) {
	GinkgoHelper()
	makeNamespaceIn(ctx, c, strangers)
	Eventually(func() error {
		return c.Get(ctx, client.ObjectKey{Namespace: strangers, Name: "default"}, &corev1.ServiceAccount{})
	}).WithContext(ctx).Should(Succeed())
}

// probe runs the program that tries connections. Its pod is never Ready, whatever its labels: nobody sets
// the condition, so that no request of a tenant is sent to it and no tenant waits for it.
func probe(ctx context.Context, namespace, name string, labels map[string]string, args ...string) *corev1.Pod {
	GinkgoHelper()
	return probeIn(ctx, k, namespace, name, labels, args...)
}

func probeIn(ctx context.Context, c client.Client, namespace, name string, labels map[string]string, args ...string) *corev1.Pod {
	GinkgoHelper()
	image := os.Getenv("BULKHEAD_PROBE_IMAGE")
	if image == "" {
		image = "registry.local/bulkhead/probe:dev"
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels},
		Spec: corev1.PodSpec{
			ReadinessGates:                []corev1.PodReadinessGate{{ConditionType: "bulkhead.dev/is-a-probe"}},
			AutomountServiceAccountToken:  ptr.To(false),
			TerminationGracePeriodSeconds: ptr.To[int64](0),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   ptr.To(true),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "probe", Image: image, Args: args, ImagePullPolicy: corev1.PullIfNotPresent,
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
	Expect(c.Create(ctx, pod)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(c.Delete(ctx, pod))).To(Succeed()) })
	Eventually(func(g Gomega) {
		g.Expect(c.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		g.Expect(pod.Status.Phase).To(Equal(corev1.PodRunning))
		g.Expect(pod.Status.PodIP).NotTo(BeEmpty())
	}).WithContext(ctx).Should(Succeed())
	return pod
}

// runtimePod is one that serves our cell.
func runtimePod(ctx context.Context) *corev1.Pod {
	GinkgoHelper()
	var pods corev1.PodList
	Expect(k.List(ctx, &pods, client.InNamespace(desired.RuntimeNamespace(ours)), client.MatchingLabels(desired.RuntimePod(ours)))).To(Succeed())
	for i := range pods.Items {
		if strings.HasPrefix(pods.Items[i].Name, desired.RuntimeDeployment+"-") {
			return &pods.Items[i]
		}
	}
	Fail("the cell has no runtime pod")
	return nil
}
