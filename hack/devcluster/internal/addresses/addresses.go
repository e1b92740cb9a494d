// Package addresses says which addresses a cluster has. Every cluster has a network namespace of its
// own; only those that are linked have to differ, and clusters of different ordinals share no address.
package addresses

import (
	"fmt"
	"net/netip"
)

// Clusters is how many address plans there are: ordinals go from 0 to one less.
const Clusters = 12

// APIPort is where the API server listens, on every address of the node.
const APIPort = "6443"

// AllPods covers the pods of every cluster: what comes from there is a pod, here or in a linked cluster.
var AllPods = netip.MustParsePrefix("10.240.0.0/12")

// Plan is one cluster's addresses.
type Plan struct {
	Node     netip.Addr
	Services netip.Prefix
	Pods     netip.Prefix
	NodePods netip.Prefix // those of the one node

	API, DNS, Vault netip.Addr // of the Services
}

// Check refuses an ordinal that there is no plan for.
func Check(ordinal int) error {
	if ordinal < 0 || ordinal >= Clusters {
		return fmt.Errorf("there are no addresses for ordinal %d; choose one from 0 to %d", ordinal, Clusters-1)
	}
	return nil
}

// Of returns the plan of an ordinal that Check accepts. Services count down from 10.96, pods up from
// 10.244, so that neither meets the nodes at 10.99.
func Of(ordinal int) Plan {
	n := byte(ordinal)
	service := func(last byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 96 - n, 0, last}) }
	pods := netip.AddrFrom4([4]byte{10, 244 + n, 0, 0})
	return Plan{
		Node:     netip.AddrFrom4([4]byte{10, 99, n, 10}),
		Services: netip.PrefixFrom(service(0), 16),
		Pods:     netip.PrefixFrom(pods, 16),
		NodePods: netip.PrefixFrom(pods, 24),
		API:      service(1),
		DNS:      service(10),
		Vault:    service(20),
	}
}
