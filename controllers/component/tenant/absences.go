package tenant

import (
	"maps"
	"sync"
	"time"

	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
)

// Absences remembers which clusters were found without the Gateway API, so that
// one tenant asks for it at a time and not every one.
type Absences struct {
	mu    sync.Mutex
	until map[*clusters.Cluster]time.Time
}

// Of reports whether a cluster was found without the Gateway API a moment ago.
func (a *Absences) Of(cluster *clusters.Cluster, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.until[cluster]) {
		return true
	}
	delete(a.until, cluster)
	return false
}

// Note records that a cluster was found without the Gateway API.
func (a *Absences) Note(cluster *clusters.Cluster, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.until == nil {
		a.until = map[*clusters.Cluster]time.Time{}
	}
	maps.DeleteFunc(a.until, func(_ *clusters.Cluster, until time.Time) bool { return now.After(until) }) // some may be gone for good
	a.until[cluster] = now.Add(gatewayProbe)
}
