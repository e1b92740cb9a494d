package desired

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
)

type (
	ingress = networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration
	egress  = networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration
	peer    = networkingv1ac.NetworkPolicyPeerApplyConfiguration
)

// wall is a NetworkPolicy that governs both directions.
func wall(name, namespace, cell, part string, pods map[string]string, in []*ingress, out []*egress) any {
	policy := networkingv1ac.NetworkPolicy(name, namespace).WithLabels(labels(cell, part)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(pods)).
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
			WithIngress(in...).WithEgress(out...))
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(policy)
	if err != nil {
		return policy // the set tries the same conversion, and reports the error
	}
	claimRules(content)
	return &unstructured.Unstructured{Object: content}
}

// claimRules claims both lists of rules, empty ones too, which a typed object
// leaves out: a rule that somebody else adds is then taken back by an apply.
func claimRules(policy map[string]any) {
	spec, ok := policy["spec"].(map[string]any)
	if !ok {
		return
	}
	for _, rules := range []string{"ingress", "egress"} {
		if spec[rules] == nil {
			spec[rules] = []any{}
		}
	}
}

func from(port int32, peers ...*peer) *ingress {
	return networkingv1ac.NetworkPolicyIngressRule().WithFrom(peers...).WithPorts(tcp(port))
}

func to(port int32, peers ...*peer) *egress {
	return networkingv1ac.NetworkPolicyEgressRule().WithTo(peers...).WithPorts(tcp(port))
}

func tcp(port int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return protocolPort(corev1.ProtocolTCP, port)
}

func protocolPort(protocol corev1.Protocol, port int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(port))
}

// pods selects by the label that the API server itself puts on a namespace, and
// by pod labels; no other label of a namespace can be trusted.
func pods(namespace string, podLabels map[string]string) *peer {
	return networkingv1ac.NetworkPolicyPeer().
		WithNamespaceSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{corev1.LabelMetadataName: namespace})).
		WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(podLabels))
}

func peers(selected []configuration.Peer) []*peer {
	var out []*peer
	for _, p := range selected {
		out = append(out, pods(p.Namespace, p.PodLabels))
	}
	return out
}

func block(cidr string) *peer {
	return networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(cidr))
}

// host is the address range of one address.
func host(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return ip // the API server refuses it, naming the field
	}
	return netip.PrefixFrom(address, address.BitLen()).String()
}

func toDNS(dns configuration.DNS) *egress {
	rule := networkingv1ac.NetworkPolicyEgressRule().WithTo(pods(dns.Server.Namespace, dns.Server.PodLabels))
	if dns.NodeLocal != "" {
		rule.WithTo(block(host(dns.NodeLocal)))
	}
	return rule.WithPorts(protocolPort(corev1.ProtocolUDP, 53), tcp(53))
}

// toAPIServer allows the API server by its endpoints' addresses: a
// NetworkPolicy cannot select it in any other portable way.
func toAPIServer(addresses []Address) []*egress {
	var rules []*egress
	for _, a := range addresses {
		rules = append(rules, to(a.Port, block(host(a.IP))))
	}
	return rules
}

func toVault(vault configuration.Vault) *egress {
	rule := to(vault.Egress.Port, peers(vault.Egress.Peers)...)
	for _, cidr := range vault.Egress.CIDRs {
		rule.WithTo(block(cidr))
	}
	return rule
}
