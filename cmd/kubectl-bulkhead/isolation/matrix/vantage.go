package matrix

// VantageKind says whose pod a vantage point is.
type VantageKind string

// The vantage points.
const (
	// VantageRuntime is in a cell's runtime namespace, with the labels and the
	// ServiceAccount of the pods that serve its tenants.
	VantageRuntime VantageKind = "runtime"
	// VantageForeign is in a namespace that has nothing to do with us.
	VantageForeign VantageKind = "foreign"
	// VantageImpostor is in that namespace with the labels of a cell's runtime.
	VantageImpostor VantageKind = "impostor"
)

// Vantage is a pod that attempts start from.
type Vantage struct {
	Kind VantageKind `json:"kind"`
	// Cell whose runtime it is, or poses as.
	Cell string `json:"cell,omitempty"`
	// Node that it runs on.
	Node string `json:"node,omitempty"`
	// Databases are the cells whose databases hold the rows of its tenants.
	Databases []string `json:"-"`
}

func (v Vantage) String() string {
	switch v.Kind {
	case VantageRuntime:
		return "runtime of " + v.Cell
	case VantageImpostor:
		return "impostor of " + v.Cell
	}
	return "foreign pod"
}
