package isolation

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const (
	portPostgreSQL = 5432
	portKubelet    = 10250
)

var runtimePorts = []int32{binding.PortAPI, binding.PortOps}

// targets are all addresses that every probe tries.
func (t *test) targets(s *survey) []matrix.Target {
	targets := []matrix.Target{
		{Kind: matrix.TargetDNS, Probe: binding.ProbeDNSUDP},
		{Kind: matrix.TargetDNS, Probe: binding.ProbeDNSTCP},
	}
	add := func(target matrix.Target, addresses ...string) {
		for _, address := range addresses {
			target.Probe, target.Address = binding.ProbeTCP, address
			targets = append(targets, target)
		}
	}
	for _, c := range s.cells {
		for i := range c.runtimePods {
			add(matrix.Target{Kind: matrix.TargetRuntime, Cell: c.name}, addresses(&c.runtimePods[i], runtimePorts...)...)
		}
		for i := range c.databasePods {
			add(matrix.Target{Kind: matrix.TargetDatabase, Cell: c.name}, addresses(&c.databasePods[i], portPostgreSQL)...)
		}
	}
	for _, p := range t.probes {
		if p.vantage.Kind != matrix.VantageRuntime {
			add(matrix.Target{Kind: matrix.TargetForeign, Pod: p.vantage.String()}, addresses(p.pod, foreignPort)...)
		}
	}
	targets = append(targets, kubelets(s.nodes, t.probes)...)
	add(matrix.Target{Kind: matrix.TargetAPIServer}, s.apiServer...)
	add(matrix.Target{Kind: matrix.TargetMetadata}, t.Metadata...)
	add(matrix.Target{Kind: matrix.TargetInternet}, t.Internet...)
	return targets
}

func addresses(pod *corev1.Pod, ports ...int32) []string {
	var all []string
	for _, ip := range pod.Status.PodIPs {
		for _, port := range ports {
			all = append(all, at(ip.IP, port))
		}
	}
	return all
}

// kubelets are those of the chosen nodes, and of the nodes that the probes run on.
func kubelets(nodes []corev1.Node, probes []*probe) []matrix.Target {
	var targets []matrix.Target
	seen := map[string]bool{}
	add := func(node, ip string, port int32) {
		if address := at(ip, port); !seen[address] {
			seen[address] = true
			targets = append(targets, matrix.Target{Kind: matrix.TargetKubelet, Node: node, Probe: binding.ProbeTCP, Address: address})
		}
	}
	for _, node := range nodes {
		for _, a := range node.Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				add(node.Name, a.Address, cmp.Or(node.Status.DaemonEndpoints.KubeletEndpoint.Port, portKubelet))
			}
		}
	}
	for _, p := range probes {
		for _, host := range p.pod.Status.HostIPs {
			add(p.pod.Spec.NodeName, host.IP, portKubelet)
		}
	}
	return targets
}
