package matrix

import (
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

var (
	// eu-1 serves its own tenants and one whose database is its own.
	runtime1 = Vantage{Kind: VantageRuntime, Cell: "eu-1", Node: "n1", Databases: []string{"eu-1", "t-1"}}
	runtime2 = Vantage{Kind: VantageRuntime, Cell: "eu-2", Node: "n2", Databases: []string{"eu-2"}}
	foreign  = Vantage{Kind: VantageForeign, Node: "n1"}
	impostor = Vantage{Kind: VantageImpostor, Cell: "eu-1", Node: "n2"}
)

func TestExpectation(t *testing.T) {
	for _, c := range []struct {
		from     Vantage
		to       Target
		row      Relation
		expected Expectation
	}{
		{runtime1, Target{Kind: TargetRuntime, Cell: "eu-2"}, OtherRuntime, Blocked},
		{runtime1, Target{Kind: TargetRuntime, Cell: "eu-1"}, OwnRuntime, Blocked},
		{foreign, Target{Kind: TargetRuntime, Cell: "eu-1"}, OtherRuntime, Blocked},
		{impostor, Target{Kind: TargetRuntime, Cell: "eu-1"}, OtherRuntime, Blocked},
		{runtime1, Target{Kind: TargetDatabase, Cell: "eu-1"}, OwnDatabase, Open},
		{runtime1, Target{Kind: TargetDatabase, Cell: "t-1"}, OwnDatabase, Open},
		{runtime1, Target{Kind: TargetDatabase, Cell: "eu-2"}, OtherDatabase, Blocked},
		{runtime2, Target{Kind: TargetDatabase, Cell: "t-1"}, OtherDatabase, Blocked},
		{foreign, Target{Kind: TargetDatabase, Cell: "eu-1"}, OtherDatabase, Blocked},
		{impostor, Target{Kind: TargetDatabase, Cell: "eu-1"}, OtherDatabase, Blocked},
		{runtime1, Target{Kind: TargetDNS}, DNS, Open},
		{runtime1, Target{Kind: TargetAPIServer}, APIServer, Open},
		{runtime1, Target{Kind: TargetMetadata}, Metadata, Blocked},
		{runtime1, Target{Kind: TargetKubelet, Node: "n2"}, OtherKubelet, Blocked},
		{runtime1, Target{Kind: TargetKubelet, Node: "n1"}, OwnKubelet, Unjudged},
		{runtime1, Target{Kind: TargetInternet}, Internet, Blocked},
		{runtime1, Target{Kind: TargetForeign, Pod: "x"}, ForeignPod, Blocked},
		{foreign, Target{Kind: TargetDNS}, DNS, Unjudged},
		{foreign, Target{Kind: TargetAPIServer}, APIServer, Unjudged},
		{foreign, Target{Kind: TargetMetadata}, Metadata, Unjudged},
		{impostor, Target{Kind: TargetKubelet, Node: "n1"}, OtherKubelet, Unjudged},
		{impostor, Target{Kind: TargetForeign, Pod: "the rest"}, ForeignPod, Unjudged},
	} {
		row, tried := Relate(c.from, c.to)
		if got := Expected(c.from.Kind, row); !tried || row != c.row || got != c.expected {
			t.Errorf("%s to %s is %q, %s (tried: %v), expected %q, %s", c.from, c.to, row, got, tried, c.row, c.expected)
		}
	}
	if _, tried := Relate(foreign, Target{Kind: TargetForeign, Pod: foreign.String()}); tried {
		t.Error("a pod is tried from itself")
	}
}

// What a vantage point reaches must have a row, or it would be judged by none.
func TestEveryRelationHasARow(t *testing.T) {
	for _, v := range []Vantage{runtime1, foreign, impostor} {
		rows := map[Relation]bool{}
		for _, row := range Relations(v.Kind) {
			rows[row] = true
		}
		for _, kind := range []TargetKind{
			TargetRuntime, TargetDatabase, TargetDNS, TargetAPIServer, TargetMetadata, TargetKubelet, TargetInternet, TargetForeign,
		} {
			for _, where := range []string{"eu-1", "eu-2", "n1", "n2"} {
				if row, _ := Relate(v, Target{Kind: kind, Cell: where, Node: where}); !rows[row] {
					t.Errorf("%s to %s %s: the relation %q has no row", v, kind, where, row)
				}
			}
		}
	}
}

func TestJudge(t *testing.T) {
	const open, dropped, rejected, refused = binding.ProbeOpen, binding.ProbeDropped, binding.ProbeRejected, binding.ProbeRefused
	own := Target{Kind: TargetDatabase, Cell: "eu-1", Address: "10.0.0.1:5432"}
	other := Target{Kind: TargetDatabase, Cell: "eu-2", Address: "10.0.0.2:5432"}
	pod := Target{Kind: TargetRuntime, Cell: "eu-2", Address: "10.0.0.3:8080"}
	metadata := Target{Kind: TargetMetadata, Address: "169.254.169.254:80"}
	alive := Observation{From: runtime1, To: own, Outcome: open}
	for name, c := range map[string]struct {
		observed []Observation // the first is judged
		known    Evidence
		verdict  Verdict
	}{
		"open where it should be":             {[]Observation{alive}, nil, Pass},
		"its database is gone":                {[]Observation{{From: runtime1, To: own, Outcome: refused}}, nil, Fail},
		"its database is silent":              {[]Observation{{From: runtime1, To: own, Outcome: dropped}}, nil, Fail},
		"through the wall":                    {[]Observation{{From: runtime1, To: other, Outcome: open}}, nil, Fail},
		"through the wall to a closed port":   {[]Observation{{From: runtime1, To: metadata, Outcome: refused}, alive}, nil, Fail},
		"a packet filter answers":             {[]Observation{{From: runtime1, To: metadata, Outcome: rejected}}, nil, Pass},
		"silence, and who may reaches it":     {[]Observation{{From: runtime1, To: other, Outcome: dropped}, alive, {From: runtime2, To: other, Outcome: open}}, nil, Pass},
		"silence, and it is known to listen":  {[]Observation{{From: runtime1, To: pod, Outcome: dropped}, alive}, Evidence{pod.Address: "kubelet"}, Pass},
		"silence, and nobody reaches it":      {[]Observation{{From: runtime1, To: metadata, Outcome: dropped}, alive}, nil, Unproven},
		"no route, and a stranger has one":    {[]Observation{{From: runtime1, To: metadata, Outcome: binding.ProbeUnreachable}, alive, {From: foreign, To: metadata, Outcome: open}}, nil, Pass},
		"silence of a pod without a network":  {[]Observation{{From: foreign, To: other, Outcome: dropped}, {From: runtime2, To: other, Outcome: open}}, nil, Unproven},
		"the attempt itself failed":           {[]Observation{{From: runtime1, To: other, Outcome: binding.ProbeFailed}, alive}, nil, Unproven},
		"a stranger at the metadata address":  {[]Observation{{From: foreign, To: metadata, Outcome: open}}, nil, Shown},
		"a stranger through the wall":         {[]Observation{{From: foreign, To: own, Outcome: open}}, nil, Fail},
		"a stranger in disguise gets through": {[]Observation{{From: impostor, To: own, Outcome: open}}, nil, Fail},
	} {
		if got := Judge(c.observed, c.known)[0]; got.Verdict != c.verdict {
			t.Errorf("%s: %s (%s), expected %s", name, got.Verdict, got.Reason, c.verdict)
		}
	}
}

func TestRemember(t *testing.T) {
	const open = binding.ProbeOpen
	first := []Result{{Expected: Blocked, Verdict: Fail}, {Expected: Blocked, Verdict: Fail}, {Expected: Open, Verdict: Fail}, {Verdict: Pass}}
	later := []Result{{Verdict: Pass}, {Verdict: Fail}, {Verdict: Pass}, {Verdict: Pass}}
	for i := range first {
		first[i].Outcome = open
	}
	Remember(first, later)
	for i, expected := range []binding.ProbeOutcome{open, "", "", ""} {
		if later[i].AtFirst != expected {
			t.Errorf("result %d was %q at first, expected %q", i, later[i].AtFirst, expected)
		}
	}
}
