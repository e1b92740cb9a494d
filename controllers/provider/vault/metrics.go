package vault

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// MetricRequests counts the HTTP requests to Vault, those without an answer included.
const MetricRequests = "bulkhead_vault_requests_total"

var requests = promauto.With(metrics.Registry).NewCounter(prometheus.CounterOpts{
	Name: MetricRequests,
	Help: "HTTP requests of the operator to Vault, those without an answer included.",
})
