package tenants

import (
	"sync"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// census counts tenants by a state. Its labels are states, never tenants:
// their number must not grow.
type census struct {
	counts *prometheus.GaugeVec

	mu     sync.Mutex
	states map[uuid.UUID]string
}

func newCensus(r prometheus.Registerer, name, help, label string) *census {
	c := &census{
		counts: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{label}),
		states: map[uuid.UUID]string{},
	}
	r.MustRegister(c.counts)
	return c
}

// observe counts the tenant under its state, or under none when that is empty.
func (c *census) observe(tenant uuid.UUID, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.states[tenant]; ok {
		c.counts.WithLabelValues(old).Dec()
		delete(c.states, tenant)
	}
	if state != "" {
		c.states[tenant] = state
		c.counts.WithLabelValues(state).Inc()
	}
}
