package matrix

import (
	"fmt"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// TargetKind says what an address belongs to.
type TargetKind string

// The targets.
const (
	TargetRuntime   TargetKind = "runtime"
	TargetDatabase  TargetKind = "database"
	TargetDNS       TargetKind = "dns"
	TargetAPIServer TargetKind = "apiserver"
	TargetMetadata  TargetKind = "metadata" // credentials of a cloud's machines
	TargetKubelet   TargetKind = "kubelet"
	TargetInternet  TargetKind = "internet"
	TargetForeign   TargetKind = "foreign" // a pod of the foreign namespace
)

// Target is one address, and how it is tried.
type Target struct {
	Kind TargetKind `json:"kind"`
	// Cell of a runtime or a database.
	Cell string `json:"cell,omitempty"`
	// Node of a kubelet.
	Node string `json:"node,omitempty"`
	// Pod is the vantage point that a foreign pod is.
	Pod string `json:"-"`

	Probe binding.ProbeKind `json:"probe"`
	// Address is an IP address and a port; of DNS, empty until a pod said which
	// server it asks.
	Address string `json:"address"`
}

func (t Target) String() string {
	switch t.Kind {
	case TargetRuntime, TargetDatabase:
		return fmt.Sprintf("%s of %s (%s)", t.Kind, t.Cell, t.Address)
	case TargetKubelet:
		return fmt.Sprintf("kubelet of %s (%s)", t.Node, t.Address)
	case TargetDNS:
		return fmt.Sprintf("DNS (%s, %s)", t.Address, t.Probe)
	case TargetAPIServer:
		return fmt.Sprintf("API server (%s)", t.Address)
	case TargetForeign:
		return fmt.Sprintf("%s (%s)", t.Pod, t.Address)
	}
	return fmt.Sprintf("%s address %s", t.Kind, t.Address)
}
