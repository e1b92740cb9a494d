// Package node is the inside of a cluster: what runs in namespaces of its own and makes them look
// like a machine with Kubernetes on it.
package node

import "github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"

// Addresses inside the node's network. Every cluster has a network namespace of its own, so they
// are the same for all.
const (
	IP          = "10.99.0.10"
	APIAddress  = "127.0.0.1:6443"
	apiServerIP = "10.96.0.1"
	DNSIP       = "10.96.0.10"
	VaultIP     = "10.96.0.20"
	serviceCIDR = "10.96.0.0/16"
	podCIDR     = "10.244.0.0/16"
	nodePodCIDR = "10.244.0.0/24"
)

const containerdSocket = "/run/containerd/containerd.sock"

// node is one cluster's node.
type node struct {
	state.Cluster
	settings state.Settings
}

func (n node) pki(file string) string    { return n.Path("pki", file) }
func (n node) config(file string) string { return n.Path("etc", file) }
func (n node) binary(name string) string { return n.settings.Binaries + "/" + name }
