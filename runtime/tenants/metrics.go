package tenants

import (
	"errors"
	"sync"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Metrics counts tenants by the state of their key, and refused Bindings.
// Labels are codes, never tenants: their number must not grow.
type Metrics struct {
	keys     *prometheus.GaugeVec
	refusals *prometheus.CounterVec

	mu     sync.Mutex
	states map[uuid.UUID]binding.KeyState
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		keys: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "bulkhead_tenants", Help: "Tenants in effect, by what was last learnt of their key.",
		}, []string{"key"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bulkhead_bindings_refused_total", Help: "Bindings that were not brought into effect.",
		}, []string{"reason"}),
		states: map[uuid.UUID]binding.KeyState{},
	}
	r.MustRegister(m.keys, m.refusals)
	return m
}

func (m *Metrics) observe(tenant uuid.UUID, state binding.KeyState) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.states[tenant]; ok {
		m.keys.WithLabelValues(string(old)).Dec()
	}
	m.states[tenant] = state
	m.keys.WithLabelValues(string(state)).Inc()
}

func (m *Metrics) forget(tenant uuid.UUID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.states[tenant]; ok {
		m.keys.WithLabelValues(string(old)).Dec()
		delete(m.states, tenant)
	}
}

func (m *Metrics) rejected(err error) {
	reason := "malformed"
	switch {
	case errors.Is(err, errRegressed):
		reason = "regressed"
	case errors.Is(err, errMislabeled):
		reason = "mislabeled"
	}
	m.refusals.WithLabelValues(reason).Inc()
}
