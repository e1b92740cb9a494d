package tenants

import (
	"errors"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Metrics counts tenants by what was last learnt of them, and refused Bindings.
type Metrics struct {
	keys, databases *census
	refusals        *prometheus.CounterVec
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		keys: newCensus(r, "bulkhead_tenants", "Tenants in effect, by what was last learnt of their key.", "key"),
		databases: newCensus(r, "bulkhead_dedicated_databases",
			"Databases of single tenants, by what was last learnt of them.", "state"),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bulkhead_bindings_refused_total", Help: "Bindings that were not brought into effect.",
		}, []string{"reason"}),
	}
	r.MustRegister(m.refusals)
	return m
}

func (m *Metrics) observe(tenant uuid.UUID, ack binding.Acknowledgement) {
	m.keys.observe(tenant, string(ack.Key))
	m.databases.observe(tenant, string(ack.Database))
}

func (m *Metrics) forget(tenant uuid.UUID) { m.observe(tenant, binding.Acknowledgement{}) }

func (m *Metrics) rejected(err error) {
	reason := "malformed"
	switch {
	case errors.Is(err, errRegressed):
		reason = "regressed"
	case errors.Is(err, errMislabeled):
		reason = "mislabeled"
	case errors.Is(err, errNoDatabase):
		reason = "no_database"
	}
	m.refusals.WithLabelValues(reason).Inc()
}
