package isolation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
)

func pod(ips ...string) corev1.Pod {
	var p corev1.Pod
	for _, ip := range ips {
		p.Status.PodIPs = append(p.Status.PodIPs, corev1.PodIP{IP: ip})
	}
	return p
}

func TestTargets(t *testing.T) {
	node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}
	node.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeHostName, Address: "n1"},
		{Type: corev1.NodeInternalIP, Address: "192.0.2.1"},
	}
	inside, foreign := pod("10.0.0.9"), pod("10.0.0.8")
	for name, p := range map[string]*corev1.Pod{"n1": &inside, "n2": &foreign} {
		p.Spec.NodeName = name
	}
	inside.Status.HostIPs = []corev1.HostIP{{IP: "192.0.2.1"}}
	foreign.Status.HostIPs = []corev1.HostIP{{IP: "192.0.2.2"}}
	survey := &survey{
		cells: []*cell{
			{name: "eu-1", runtimePods: []corev1.Pod{pod("10.0.0.1", "fd00::1")}, databasePods: []corev1.Pod{pod("10.0.0.2")}},
			{name: "eu-2", databasePods: []corev1.Pod{pod("10.0.0.3")}},
		},
		nodes:     []corev1.Node{node},
		apiServer: []string{"192.0.2.3:6443"},
	}
	test := &test{
		Options: Options{Metadata: DefaultMetadata[:1], Internet: DefaultInternet},
		probes: []*probe{
			{vantage: matrix.Vantage{Kind: matrix.VantageRuntime, Cell: "eu-1"}, pod: &inside},
			{vantage: matrix.Vantage{Kind: matrix.VantageForeign}, pod: &foreign},
		},
	}
	var got []string
	for _, target := range test.targets(survey) {
		got = append(got, target.String())
	}
	expected := []string{
		"DNS (, dns-udp)", "DNS (, dns-tcp)",
		"runtime of eu-1 (10.0.0.1:8080)", "runtime of eu-1 (10.0.0.1:8081)",
		"runtime of eu-1 ([fd00::1]:8080)", "runtime of eu-1 ([fd00::1]:8081)",
		"database of eu-1 (10.0.0.2:5432)", "database of eu-2 (10.0.0.3:5432)",
		"foreign pod (10.0.0.8:8080)",
		"kubelet of n1 (192.0.2.1:10250)", "kubelet of n2 (192.0.2.2:10250)",
		"API server (192.0.2.3:6443)",
		"metadata address 169.254.169.254:80", "internet address 1.1.1.1:443",
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("expected (-), tried (+):\n%s", diff)
	}
}

func TestOptionsRefuse(t *testing.T) {
	for _, o := range []Options{
		{Metadata: []string{"169.254.169.254"}}, {Internet: []string{"example.com:443"}}, {MaxCells: -1}, {TenantsPerCell: -1},
	} {
		if o.validate() == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if err := (Options{Metadata: DefaultMetadata, Internet: DefaultInternet}).validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
