package cell

import (
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// TestDatabaseShape: a PostgreSQL that serves is ready, and says whether it is
// also all that it should be.
func TestDatabaseShape(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		change func(*cnpgv1.Cluster)
		wrote  []string
		after  time.Duration // since the run that wrote
		reason string
	}{
		"as it should be":                 {func(*cnpgv1.Cluster) {}, nil, 0, ""},
		"another phase":                   {func(c *cnpgv1.Cluster) { c.Status.Phase = cnpgv1.PhaseUpgrade }, nil, 0, v1alpha1.ReasonDatabaseChanging},
		"too few instances":               {func(c *cnpgv1.Cluster) { c.Spec.Instances = 3 }, nil, 0, v1alpha1.ReasonDatabaseChanging},
		"a volume that grows":             {func(c *cnpgv1.Cluster) { c.Status.ResizingPVC = []string{"database-1"} }, nil, 0, v1alpha1.ReasonDatabaseChanging},
		"changed a moment ago":            {func(*cnpgv1.Cluster) {}, []string{"NetworkPolicy", "Cluster"}, time.Second, v1alpha1.ReasonDatabaseChanging},
		"changed a while ago":             {func(*cnpgv1.Cluster) {}, []string{"Cluster"}, settlingTime, ""},
		"something else changed just now": {func(*cnpgv1.Cluster) {}, []string{"NetworkPolicy"}, time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := &cnpgv1.Cluster{}
			cluster.Spec.Instances, cluster.Status.ReadyInstances, cluster.Status.Phase = 1, 1, cnpgv1.PhaseHealthy
			c.change(cluster)
			s := &Scope{Cell: &v1alpha1.Cell{}, Facts: Facts{Cluster: cluster}, Settling: &Settling{}, Now: now, wrote: c.wrote}
			outcome := s.databaseShape()
			if c.after > 0 { // a later run, that changes nothing
				s.Now, s.wrote = now.Add(c.after), nil
				outcome = s.databaseShape()
			}
			if !outcome.Ready() || outcome.Reason != c.reason {
				t.Errorf("%+v", outcome)
			}
		})
	}
}
