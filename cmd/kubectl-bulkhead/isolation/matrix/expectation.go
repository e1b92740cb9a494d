package matrix

import "slices"

// Expectation is what an attempt should come to.
type Expectation string

// The expectations.
const (
	Open    Expectation = "open"
	Blocked Expectation = "blocked"
	// Unjudged is shown and not judged: it is not our wall.
	Unjudged Expectation = "any"
)

// Relation is what a target is to a vantage point: a row of the matrix.
type Relation string

// The relations, in the order of the matrix's rows.
const (
	OtherRuntime  Relation = "another cell's runtime"
	OtherDatabase Relation = "another cell's database"
	OwnRuntime    Relation = "its own runtime"
	OwnDatabase   Relation = "its own database"
	DNS           Relation = "DNS (UDP and TCP)"
	APIServer     Relation = "the API server"
	Metadata      Relation = "a metadata address"
	OtherKubelet  Relation = "another node's kubelet"
	OwnKubelet    Relation = "its own node's kubelet"
	Internet      Relation = "an internet address"
	ForeignPod    Relation = "a foreign pod"
)

// wall is a row of the matrix and what it should come to.
type wall struct {
	Relation Relation
	Expected Expectation
}

// tenantWalls are those around the pods that serve tenants. A replica has no
// business with another one, so that its own runtime is behind a wall, too.
var tenantWalls = []wall{
	{OtherRuntime, Blocked},
	{OtherDatabase, Blocked},
	{OwnRuntime, Blocked},
	{OwnDatabase, Open},
	{DNS, Open},
	{APIServer, Open},
	{Metadata, Blocked},
	{OtherKubelet, Blocked},
	{OwnKubelet, Unjudged},
	{Internet, Blocked},
	{ForeignPod, Blocked},
}

// foreignWalls are what pods that are not ours must not get through. What else
// they reach is for the cluster to say; it is tried for its worth as evidence.
var foreignWalls = []wall{
	{OtherRuntime, Blocked},
	{OtherDatabase, Blocked},
	{DNS, Unjudged},
	{APIServer, Unjudged},
	{Metadata, Unjudged},
	{OtherKubelet, Unjudged},
	{OwnKubelet, Unjudged},
	{Internet, Unjudged},
	{ForeignPod, Unjudged},
}

func wallsOf(kind VantageKind) []wall {
	if kind == VantageRuntime {
		return tenantWalls
	}
	return foreignWalls
}

// Relations are the rows of the matrix for a kind of vantage point.
func Relations(kind VantageKind) []Relation {
	var rows []Relation
	for _, w := range wallsOf(kind) {
		rows = append(rows, w.Relation)
	}
	return rows
}

// Expected is what every attempt of a row should come to.
func Expected(kind VantageKind, row Relation) Expectation {
	for _, w := range wallsOf(kind) {
		if w.Relation == row {
			return w.Expected
		}
	}
	return Unjudged
}

// Relate says what a target is to a vantage point; tried is false for itself.
func Relate(v Vantage, t Target) (row Relation, tried bool) {
	inside := v.Kind == VantageRuntime
	switch t.Kind {
	case TargetRuntime:
		if inside && v.Cell == t.Cell {
			return OwnRuntime, true
		}
		return OtherRuntime, true
	case TargetDatabase:
		if inside && slices.Contains(v.Databases, t.Cell) {
			return OwnDatabase, true
		}
		return OtherDatabase, true
	case TargetKubelet:
		if v.Node == t.Node {
			return OwnKubelet, true
		}
		return OtherKubelet, true
	case TargetForeign:
		return ForeignPod, t.Pod != v.String()
	}
	return plain[t.Kind], true
}

// plain are the targets that are the same to everybody.
var plain = map[TargetKind]Relation{
	TargetDNS:       DNS,
	TargetAPIServer: APIServer,
	TargetMetadata:  Metadata,
	TargetInternet:  Internet,
}
