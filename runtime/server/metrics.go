package server

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

// Metrics counts requests by route and status, never by tenant: the number of
// labels must not grow.
type Metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	models   *prometheus.CounterVec
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bulkhead_http_requests_total", Help: "Requests, by route and status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bulkhead_http_request_seconds", Help: "How long requests took, by route.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}, []string{"route"}),
		models: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bulkhead_model_calls_total", Help: "Calls to tenants' models, by kind and what became of them.",
		}, []string{"kind", "outcome"}),
	}
	r.MustRegister(m.requests, m.seconds, m.models)
	return m
}

func (m *Metrics) observe(route string, status int, elapsed time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(elapsed.Seconds())
}

// asked counts a call to a tenant's model.
func (m *Metrics) asked(kind string, err error) {
	m.models.WithLabelValues(kind, model.Outcome(err)).Inc()
}
