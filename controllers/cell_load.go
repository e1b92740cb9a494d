package controllers

import (
	"sync"
	"time"

	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// loadInterval is how often at most a cell's number of tenants is written.
const loadInterval = 10 * time.Second

// loadWriter bounds how often a cell's number of tenants is written.
type loadWriter struct {
	mu    sync.Mutex
	wrote map[string]time.Time
}

// due puts the number into the status when it may be written, and else returns
// how long to wait.
func (w *loadWriter) due(c *v1alpha1.Cell, tenants int, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Status.Tenants != nil && int(*c.Status.Tenants) == tenants {
		return 0
	}
	if wait := w.wrote[c.Name].Add(loadInterval).Sub(now); wait > 0 {
		return wait
	}
	if w.wrote == nil {
		w.wrote = map[string]time.Time{}
	}
	w.wrote[c.Name] = now
	c.Status.Tenants = ptr.To(int32(tenants))
	return 0
}
