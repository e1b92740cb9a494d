package rollout

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// transcript writes down a roll-out as it happens.
type transcript struct {
	*fleet
	strings.Builder
}

// event tells what happened, lets the admitted tenants take the plan up, and the
// operator look.
func (s *transcript) event(format string, args ...any) {
	fmt.Fprintf(s, "%s  %s\n", s.now.Format(time.TimeOnly), fmt.Sprintf(format, args...))
	s.report(s.look())
}

// pass lets time go by until the operator looks again.
func (s *transcript) pass(by time.Duration) {
	s.now = s.now.Add(by)
	var took []string
	for _, t := range s.inOrder() {
		if s.takeUp(t) {
			took = append(took, t.Name)
		}
	}
	what := "nobody takes it up"
	if len(took) > 0 {
		what = "have it now: " + strings.Join(took, ", ")
	}
	s.event("%s", what)
}

func (s *transcript) report(again time.Duration) {
	admitted := 0
	for _, t := range s.tenants {
		if AdmissionOf(s.plan).Admits(t.ID) {
			admitted++
		}
	}
	c, status := s.condition(), s.plan.Status
	fmt.Fprintf(s, "          %s: %d tenants, %d admitted, %d updated, %d failed; looks again after %s\n",
		c.Reason, *status.Tenants, admitted, *status.Updated, ptr.Deref(status.Failed, 0), again)
	if c.Message != "" {
		fmt.Fprintf(s, "          %s\n", c.Message)
	}
}

// TestTranscript compares a whole roll-out with testdata. Rewrite it with -update
// after a change, and read the difference.
func TestTranscript(t *testing.T) {
	s := &transcript{fleet: newFleet(9, &v1alpha1.Rollout{WaveSize: 3, DeadlineSeconds: 300})}
	s.event("nine tenants have the plan")

	s.tenants["t9"].Ready, s.tenants["t9"].Reason = false, v1alpha1.ReasonKeyDenied
	s.now = s.now.Add(time.Minute)
	s.edit(2000)
	s.event("the plan is edited; t9 is out of order since before")
	s.pass(2 * time.Second)
	bad := s.inOrder()[3].Name
	s.held[bad], s.held["t9"] = true, true
	s.event("%s will not come back", bad)
	s.pass(2 * time.Second)
	s.pass(300 * time.Second)
	s.pass(time.Hour)
	s.held[bad] = false
	s.event("%s is mended", bad)
	s.pass(2 * time.Second)

	s.edit(3000)
	s.event("the plan is edited again, in the middle")
	canary := s.inOrder()[0].Name
	s.held[canary] = true
	s.event("the canary %s will not come back", canary)
	s.pass(2 * time.Second)
	s.pass(300 * time.Second)
	s.edit(2000)
	s.held[canary] = false
	s.event("the plan is edited back")
	for range 4 {
		s.pass(2 * time.Second)
	}
	s.held["t9"] = false
	s.pass(time.Hour)

	compare(t, "testdata/transcript.golden", s.String())
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("run with -update and review the difference (-golden +got):\n%s", diff)
	}
}
