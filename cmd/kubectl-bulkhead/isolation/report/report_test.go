package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// broken is a report with one of everything: eu-2's runtime gets through a wall.
func broken() *Report {
	one := matrix.Vantage{Kind: matrix.VantageRuntime, Cell: "eu-1", Node: "n1", Databases: []string{"eu-1"}}
	two := matrix.Vantage{Kind: matrix.VantageRuntime, Cell: "eu-2", Node: "n2", Databases: []string{"eu-2"}}
	foreign := matrix.Vantage{Kind: matrix.VantageForeign, Node: "n1"}
	impostor := matrix.Vantage{Kind: matrix.VantageImpostor, Cell: "eu-1", Node: "n1"}
	database := matrix.Target{Kind: matrix.TargetDatabase, Cell: "eu-1", Probe: binding.ProbeTCP, Address: "10.0.0.1:5432"}
	dns := matrix.Target{Kind: matrix.TargetDNS, Probe: binding.ProbeDNSUDP, Address: "10.96.0.10:53"}
	metadata := matrix.Target{Kind: matrix.TargetMetadata, Probe: binding.ProbeTCP, Address: "169.254.169.254:80"}
	azure := matrix.Target{Kind: matrix.TargetMetadata, Probe: binding.ProbeTCP, Address: "168.63.129.16:80"}
	kubelet := matrix.Target{Kind: matrix.TargetKubelet, Node: "n1", Probe: binding.ProbeTCP, Address: "192.0.2.1:10250"}

	results := matrix.Judge([]matrix.Observation{
		{From: one, To: database, Outcome: binding.ProbeOpen},
		{From: one, To: dns, Outcome: binding.ProbeDropped},
		{From: one, To: metadata, Outcome: binding.ProbeDropped},
		{From: one, To: azure, Outcome: binding.ProbeDropped},
		{From: one, To: kubelet, Outcome: binding.ProbeOpen},
		{From: two, To: database, Outcome: binding.ProbeOpen},
		{From: two, To: azure, Outcome: binding.ProbeDropped},
		{From: two, To: kubelet, Outcome: binding.ProbeRejected, Detail: "ICMPv4 type 3 code 3 from 192.0.2.1"},
		{From: foreign, To: database, Outcome: binding.ProbeDropped},
		{From: foreign, To: metadata, Outcome: binding.ProbeOpen},
		{From: impostor, To: database, Outcome: binding.ProbeDropped},
	}, nil)
	results[7].AtFirst = binding.ProbeOpen
	return &Report{
		Seed: 7, CellsInAll: 5, Network: results,
		Cells: []Cell{
			{Name: "eu-1", Runtime: true, Database: true, Tenants: 3, Sample: []string{"acme"}},
			{Name: "eu-2", Runtime: true, Database: true, Tenants: 1, Sample: []string{"globex"}},
		},
		Checks: []Check{
			{Subject: "bulkhead-eu-1", Claim: "nothing is let in", Verdict: matrix.Pass, Observed: "so it is"},
			{Subject: "bulkhead-eu-2", Claim: "nothing is let in", Verdict: matrix.Pass, Observed: "so it is"},
			{Subject: "runtime of eu-2", Claim: "it opens one key", Verdict: matrix.Fail, Observed: "two", Advice: "look at Vault"},
		},
		Policies: []Policy{{Namespace: "bulkhead-eu-1-db", Name: "allow-all"}, {Namespace: "bulkhead-eu-3", Name: "other"}},
	}
}

// TestText writes what a person sees. Run it with -update after a change, and
// read the difference.
func TestText(t *testing.T) {
	var out bytes.Buffer
	if err := broken().Text(&out); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "broken.txt")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expected, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(expected), out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTextReportsItsWriter(t *testing.T) {
	if err := broken().Text(full{}); err == nil {
		t.Error("a full disk looks like a success")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// A program reads no more than this of it: the verdict, the counts, and each pair.
func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := broken().JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Summary Summary
		Seed    uint64
		Network []struct {
			From, To                                       struct{ Kind, Cell, Address string }
			Relation, Expected, Observed, Verdict, AtFirst string
		}
		Checks []Check
		Limits []string
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Summary{Verdict: matrix.Fail, Passed: 6, Failed: 3, Unproven: 3, Shown: 2}, got.Summary); diff != "" {
		t.Error(diff)
	}
	pair := got.Network[5]
	if pair.From.Cell != "eu-2" || pair.To.Kind != "database" || pair.To.Cell != "eu-1" || pair.Expected != "blocked" ||
		pair.Observed != "open" || pair.Verdict != "FAIL" || pair.Relation != string(matrix.OtherDatabase) {
		t.Errorf("the broken pair is %+v", pair)
	}
	if got.Seed != 7 || len(got.Checks) != 3 || len(got.Limits) == 0 || got.Network[7].AtFirst != "open" {
		t.Errorf("something is missing in %+v", got)
	}
}

func TestSummary(t *testing.T) {
	for expected, verdicts := range map[matrix.Verdict][]matrix.Verdict{
		matrix.Pass: {matrix.Pass, matrix.Unproven, matrix.Shown},
		matrix.Fail: {matrix.Pass, matrix.Fail},
	} {
		r := &Report{}
		for _, v := range verdicts {
			r.Checks = append(r.Checks, Check{Verdict: v})
		}
		if got := r.Summary().Verdict; got != expected {
			t.Errorf("%v come to %s, expected %s", verdicts, got, expected)
		}
	}
}
