// Package node is the inside of a cluster: what runs in namespaces of its own and makes them look
// like a machine with Kubernetes on it.
package node

import (
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// APIAddress is the API server's inside the node, whatever its other addresses are.
const APIAddress = "127.0.0.1:" + addresses.APIPort

const containerdSocket = "/run/containerd/containerd.sock"

// node is one cluster's node.
type node struct {
	state.Cluster
	settings state.Settings
	plan     addresses.Plan
}

func (n node) pki(file string) string    { return n.Path("pki", file) }
func (n node) config(file string) string { return n.Path("etc", file) }
func (n node) binary(name string) string { return n.settings.Binaries + "/" + name }
