package apply

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// Damage is what somebody else did to an object, which was repaired.
type Damage string

// The damages.
const (
	Changed Damage = "changed"
	Deleted Damage = "deleted"
)

// MetricRepairs counts the repaired objects.
const MetricRepairs = "bulkhead_repairs_total"

var repairs = promauto.With(metrics.Registry).NewCounterVec(prometheus.CounterOpts{
	Name: MetricRepairs,
	Help: "Objects that somebody else had changed or deleted and that are again as they should be.",
}, []string{"kind", "damage"})

// report tells of a repair.
func (a *Applier) report(ctx context.Context, object *unstructured.Unstructured, damage Damage) {
	logf.FromContext(ctx).Info("took back what somebody else did", "object", Describe(object), "damage", damage)
	repairs.WithLabelValues(object.GetKind(), string(damage)).Inc()
	if a.Repaired != nil {
		a.Repaired(object, damage)
	}
}
