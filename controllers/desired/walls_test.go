package desired

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
	"github.com/bulkhead-dev/bulkhead/runtime/binding/metadata"
)

// TestWalls states what every wall keeps to, over many cells that the API or the
// configuration would let through, and some that they would not.
func TestWalls(t *testing.T) {
	for seed := range uint64(500) {
		in := anyCell(rand.New(rand.NewPCG(seed, 0)))
		set := built(t, in)
		door, err := DatabaseDoor(DoorInput{ServingCell: in.Cell.Name, TenantID: tenantID})
		if err != nil {
			t.Fatal(err)
		}
		c := wallCheck{t: t, in: in, seen: map[string]bool{}}
		for _, object := range append(slices.Clone(set.Walls), door) {
			c.policy(as[networkingv1.NetworkPolicy](t, object))
		}
		for _, namespace := range set.Namespaces {
			if !c.seen[namespace.GetName()+"/"+nameDefaultDeny] {
				t.Errorf("namespace %s has no default deny", namespace.GetName())
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func as[T any](t *testing.T, object *unstructured.Unstructured) *T {
	t.Helper()
	var typed T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &typed, true); err != nil {
		t.Fatal(err)
	}
	return &typed
}

type wallCheck struct {
	t    *testing.T
	in   CellInput
	seen map[string]bool
}

func (c wallCheck) policy(p *networkingv1.NetworkPolicy) {
	key := p.Namespace + "/" + p.Name
	if c.seen[key] {
		c.t.Errorf("two walls are called %s", key)
	}
	c.seen[key] = true
	if problems := validation.IsDNS1123Label(p.Name); len(problems) > 0 {
		c.t.Errorf("%s: %v", key, problems)
	}
	if diff := cmp.Diff([]networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}, p.Spec.PolicyTypes); diff != "" {
		c.t.Errorf("%s governs %v", key, p.Spec.PolicyTypes)
	}
	if p.Name == nameDefaultDeny {
		if len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions)+len(p.Spec.Ingress)+len(p.Spec.Egress) > 0 {
			c.t.Errorf("%s lets something through", key)
		}
		return
	}
	if len(p.Spec.PodSelector.MatchLabels) == 0 {
		c.t.Errorf("%s opens every pod of the namespace", key)
	}
	for i, rule := range p.Spec.Ingress {
		c.rule(fmt.Sprintf("%s ingress[%d]", key, i), rule.From, rule.Ports)
	}
	for i, rule := range p.Spec.Egress {
		c.rule(fmt.Sprintf("%s egress[%d]", key, i), rule.To, rule.Ports)
	}
}

func (c wallCheck) rule(where string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
	if len(peers) == 0 {
		c.t.Errorf("%s: opens to everybody", where)
	}
	if len(ports) == 0 {
		c.t.Errorf("%s: opens every port", where)
	}
	dns := !slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool { return p.Port.IntValue() != 53 })
	for _, peer := range peers {
		if peer.IPBlock == nil {
			c.pods(where, peer)
			continue
		}
		if dns && peer.IPBlock.CIDR == c.in.Config.DNS.NodeLocal+"/32" {
			continue // link-local by design, and DNS only
		}
		c.block(where, peer.IPBlock)
	}
}

// pods are selected by a namespace's name, which is the one label that the API
// server itself sets.
func (c wallCheck) pods(where string, peer networkingv1.NetworkPolicyPeer) {
	if peer.NamespaceSelector == nil || peer.PodSelector == nil {
		c.t.Errorf("%s: a peer is %+v", where, peer)
		return
	}
	name := peer.NamespaceSelector.MatchLabels[corev1.LabelMetadataName]
	want := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: name}}
	if name == "" || cmp.Diff(want, peer.NamespaceSelector) != "" {
		c.t.Errorf("%s: namespaces are selected by %v", where, peer.NamespaceSelector)
	}
}

func (c wallCheck) block(where string, b *networkingv1.IPBlock) {
	cidr := netip.MustParsePrefix(b.CIDR)
	for _, closed := range metadata.Ranges() {
		excepted := slices.Contains(b.Except, closed.String())
		if cidr.Overlaps(closed) && !excepted {
			c.t.Errorf("%s: %s opens %s", where, cidr, closed)
		}
	}
	for _, text := range b.Except {
		if except := netip.MustParsePrefix(text); !cidr.Overlaps(except) || except.Bits() <= cidr.Bits() {
			c.t.Errorf("%s: %s is not inside of %s, as the API server demands", where, except, cidr)
		}
	}
}

// anyCell draws a cell, its plans and a configuration.
func anyCell(r *rand.Rand) CellInput {
	return input(func(in *CellInput) {
		spec := &in.Cell.Spec
		switch r.IntN(4) {
		case 0:
			spec.Runtime = nil
			spec.ServedBy = []string{"", "eu-2"}[r.IntN(2)]
		case 1:
			spec.Database = nil
		}
		if r.IntN(3) == 0 {
			in.Cell.Name, spec.TenantID, spec.Capacity = OwnCellName(tenantID), tenantID, 1
		}
		if spec.Database != nil && r.IntN(2) == 0 {
			withPlugin(in)
			in.Config.Backups.Egress = anyEgress(r)
		}
		spec.Retired = ptr.To(r.IntN(4) == 0)
		spec.Endpoints = anyEndpoints(r)
		for i := range r.IntN(5) {
			all := tier.All()
			tiers := []v1alpha1.Tier{all[r.IntN(len(all))].Name, all[r.IntN(len(all))].Name, "Unknown"}
			in.Plans = append(in.Plans, plan(fmt.Sprintf("plan.%d", i), tiers, anyEndpoints(r)...))
		}
		in.Config.Vault.Egress = *anyEgress(r)
		in.Config.Clients, in.Config.Scrapers = anyPeers(r), anyPeers(r)
		in.Config.DNS.NodeLocal = []string{"", "169.254.20.10", "10.96.0.11"}[r.IntN(3)]
		in.APIServer = []Address{{IP: "10.0.0.1", Port: 6443}, {IP: "2001:db8::1", Port: 443}}[:1+r.IntN(2)]
	})
}

func anyEndpoints(r *rand.Rand) []v1alpha1.Endpoint {
	names := []string{"models", "Models", "a.b", "-", "the best models in town"}
	var out []v1alpha1.Endpoint
	for _, name := range names[:r.IntN(len(names)+1)] {
		out = append(out, v1alpha1.Endpoint{Name: name, CIDRs: anyCIDRs(r), Port: int32(r.IntN(3) * 53)})
	}
	return out
}

func anyEgress(r *rand.Rand) *configuration.Egress {
	return &configuration.Egress{Peers: anyPeers(r), CIDRs: anyCIDRs(r), Port: 8200}
}

func anyPeers(r *rand.Rand) []configuration.Peer {
	all := []configuration.Peer{{Namespace: "gateway"}, {Namespace: "monitoring", PodLabels: map[string]string{"app": "prometheus"}}}
	return all[:r.IntN(len(all)+1)]
}

// anyCIDRs draws ranges of any length around the addresses that matter.
func anyCIDRs(r *rand.Rand) []string {
	near := []string{"169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fe80::1", "fd20:ce::254", "203.0.113.7", "2001:db8::7"}
	out := []string{"nonsense", "::ffff:169.254.169.254/128"}[:r.IntN(3)]
	for range r.IntN(4) {
		address := netip.MustParseAddr(near[r.IntN(len(near))])
		out = append(out, netip.PrefixFrom(address, r.IntN(address.BitLen()+1)).String())
	}
	return out
}

// TestDatabaseIsOpenToItsRuntimeOnly: of all cells' runtimes, one reaches the database.
func TestDatabaseIsOpenToItsRuntimeOnly(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*CellInput)
		want   []string
	}{
		"its own": {nil, []string{"bulkhead-eu-1"}},
		"another": {func(in *CellInput) { in.Cell.Spec.Runtime, in.Cell.Spec.ServedBy = nil, "eu-2" }, []string{"bulkhead-eu-2"}},
		"none":    {func(in *CellInput) { in.Cell.Spec.Runtime = nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, object := range built(t, input(c.change)).Walls {
				for _, rule := range as[networkingv1.NetworkPolicy](t, object).Spec.Ingress {
					for _, peer := range rule.From {
						if peer.PodSelector.MatchLabels[LabelName] == RuntimePod("")[LabelName] {
							got = append(got, peer.NamespaceSelector.MatchLabels[corev1.LabelMetadataName])
						}
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
