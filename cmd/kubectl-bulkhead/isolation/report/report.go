package report

import (
	"fmt"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
)

// Report is all that one test found.
type Report struct {
	// Seed repeats the choice of cells, tenants and nodes.
	Seed uint64 `json:"seed"`
	// Cells that were tested, of CellsInAll.
	Cells      []Cell          `json:"cells"`
	CellsInAll int             `json:"cellsInAll"`
	Network    []matrix.Result `json:"network"`
	Checks     []Check         `json:"checks"`
	// Policies are the NetworkPolicies in the cells' namespaces that the operator
	// did not make. Policies add up: none of them can block, any of them can open.
	Policies []Policy `json:"foreignPolicies,omitempty"`
}

// Cell is what was tested of a cell.
type Cell struct {
	Name     string `json:"name"`
	Runtime  bool   `json:"runtime"`
	Database bool   `json:"database"`
	// Tenants that its runtime serves.
	Tenants int `json:"tenants"`
	// Sample of them, whose keys were tried.
	Sample []string `json:"sample,omitempty"`
}

// Check is a finding that is not about packets.
type Check struct {
	// Subject is who or what was tried.
	Subject string         `json:"subject"`
	Claim   string         `json:"claim"`
	Verdict matrix.Verdict `json:"verdict"`
	// Observed is what happened.
	Observed string `json:"observed"`
	// Advice says what to do when the claim does not hold.
	Advice string `json:"advice,omitempty"`
}

// Policy names a NetworkPolicy.
type Policy struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

func (p Policy) String() string { return p.Namespace + "/" + p.Name }

// Summary counts the verdicts.
type Summary struct {
	Verdict  matrix.Verdict `json:"verdict"`
	Passed   int            `json:"passed"`
	Failed   int            `json:"failed"`
	Unproven int            `json:"unproven"`
	Shown    int            `json:"shown"`
}

// Summary of the whole report. Its verdict is Fail or Pass: what could not be
// proven is counted and not held against the cluster.
func (r *Report) Summary() Summary {
	s := Summary{Verdict: matrix.Pass}
	for _, result := range r.Network {
		s.count(result.Verdict)
	}
	for _, check := range r.Checks {
		s.count(check.Verdict)
	}
	if s.Failed > 0 {
		s.Verdict = matrix.Fail
	}
	return s
}

func (s *Summary) count(v matrix.Verdict) {
	switch v {
	case matrix.Pass:
		s.Passed++
	case matrix.Fail:
		s.Failed++
	case matrix.Unproven:
		s.Unproven++
	case matrix.Shown:
		s.Shown++
	}
}

func (s Summary) String() string {
	text := fmt.Sprintf("%d as expected, %d not, %d without proof, %d shown and not judged", s.Passed, s.Failed, s.Unproven, s.Shown)
	if s.Verdict == matrix.Fail {
		return "NOT ISOLATED: " + text
	}
	return "Isolated, as far as could be seen: " + text
}
