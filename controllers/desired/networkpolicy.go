package desired

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/runtime/binding/metadata"
)

type (
	ingress = networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration
	egress  = networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration
	peer    = networkingv1ac.NetworkPolicyPeerApplyConfiguration
)

// wall is a NetworkPolicy that governs both directions.
func wall(name, namespace string, l, pods map[string]string, in []*ingress, out []*egress) any {
	policy := networkingv1ac.NetworkPolicy(name, namespace).WithLabels(l).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(pods)).
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
			WithIngress(present(in)...).WithEgress(present(out)...))
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(policy)
	if err != nil {
		return policy // the set tries the same conversion, and reports the error
	}
	claimRules(content)
	return &unstructured.Unstructured{Object: content}
}

// present leaves out the rules that are none.
func present[T any](all []*T) []*T {
	return slices.DeleteFunc(slices.Clone(all), func(rule *T) bool { return rule == nil })
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

// from is no rule when it names nobody: a rule without peers lets everybody in.
func from(port int32, peers ...*peer) *ingress {
	if len(peers) == 0 {
		return nil
	}
	return networkingv1ac.NetworkPolicyIngressRule().WithFrom(peers...).WithPorts(tcp(port))
}

// to is no rule when it names nobody: a rule without peers lets out to everywhere.
func to(port int32, peers ...*peer) *egress {
	if len(peers) == 0 {
		return nil
	}
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

// blocks allows address ranges, but for what clouds serve metadata at. A range
// that cannot be allowed stays closed.
func blocks(cidrs []string) []*peer {
	var out []*peer
	for _, cidr := range cidrs {
		allowed, err := metadata.Allow(cidr)
		if err != nil {
			continue // RefusedEndpoints, or the configuration's validation, says so
		}
		out = append(out, block(allowed))
	}
	return out
}

func block(allowed metadata.Allowed) *peer {
	ipBlock := networkingv1ac.IPBlock().WithCIDR(allowed.Range.String())
	for _, prefix := range allowed.Except {
		ipBlock.WithExcept(prefix.String())
	}
	return networkingv1ac.NetworkPolicyPeer().WithIPBlock(ipBlock)
}

// host allows one address.
func host(ip string) *peer {
	cidr := ip // when it is no address, the API server refuses it, naming the field
	if address, err := netip.ParseAddr(ip); err == nil {
		cidr = netip.PrefixFrom(address, address.BitLen()).String()
	}
	return networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(cidr))
}

func toDNS(dns configuration.DNS) *egress {
	rule := networkingv1ac.NetworkPolicyEgressRule().WithTo(pods(dns.Server.Namespace, dns.Server.PodLabels))
	if dns.NodeLocal != "" {
		rule.WithTo(host(dns.NodeLocal))
	}
	return rule.WithPorts(protocolPort(corev1.ProtocolUDP, 53), tcp(53))
}

// toAPIServer allows the API server by its endpoints' addresses: a
// NetworkPolicy cannot select it in any other portable way.
func toAPIServer(addresses []Address) []*egress {
	var rules []*egress
	for _, a := range addresses {
		rules = append(rules, to(a.Port, host(a.IP)))
	}
	return rules
}

// toConfigured allows what the operator's configuration names.
func toConfigured(e configuration.Egress) *egress {
	return to(e.Port, append(peers(e.Peers), blocks(e.CIDRs)...)...)
}
