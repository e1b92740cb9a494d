package cell

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

// settlingTime is how long CloudNativePG has to begin with a change. The status
// of its Cluster does not say of which generation it speaks.
const settlingTime = 10 * time.Second

// Settling remembers when each cell's PostgreSQL was last given another shape.
type Settling struct {
	mu      sync.Mutex
	changed map[string]time.Time // by cell
}

// Changed records a change.
func (s *Settling) Changed(cell string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = map[string]time.Time{}
	}
	s.changed[cell] = now
}

// Left returns for how long the status may still be of what was before.
func (s *Settling) Left(cell string, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, ok := s.changed[cell]
	if !ok {
		return 0
	}
	left := changed.Add(settlingTime).Sub(now)
	if left <= 0 {
		delete(s.changed, cell)
	}
	return max(left, 0)
}

// databaseShape tells a PostgreSQL that serves from one that is also all that it
// should be. Both are ready: what changes in the background is nobody's outage.
func (s *Scope) databaseShape() component.Outcome {
	cluster := s.Facts.Cluster
	if slices.Contains(s.wrote, cnpgv1.ClusterKind) {
		s.Settling.Changed(s.Cell.Name, s.Now)
	}
	left := s.Settling.Left(s.Cell.Name, s.Now)
	status := cluster.Status
	if left == 0 && status.Phase == cnpgv1.PhaseHealthy && status.ReadyInstances >= cluster.Spec.Instances && len(status.ResizingPVC) == 0 {
		return component.Outcome{}
	}
	return component.Outcome{
		Reason: v1alpha1.ReasonDatabaseChanging,
		Message: fmt.Sprintf("PostgreSQL serves while it changes: %d of %d instances are ready; %s",
			status.ReadyInstances, cluster.Spec.Instances, strings.TrimSpace(status.Phase+" "+status.PhaseReason)),
		After: left,
	}
}
