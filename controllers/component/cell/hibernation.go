package cell

import (
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

// conditionHibernation of CloudNativePG's Cluster exists while it is told to sleep,
// and is True once it does (https://cloudnative-pg.io/docs: declarative hibernation).
const conditionHibernation = "cnpg.io/hibernation"

// hibernation is nil for a database that nobody told to sleep.
func hibernation(cluster *cnpgv1.Cluster) *metav1.Condition {
	if cluster == nil {
		return nil
	}
	return meta.FindStatusCondition(cluster.Status.Conditions, conditionHibernation)
}

// asleep says how far the database of a retired cell is with going to sleep.
func asleep(cluster *cnpgv1.Cluster) component.Outcome {
	outcome := component.Outcome{Reason: v1alpha1.ReasonRetired, Message: "the database sleeps; its volumes are kept"}
	switch sleep := hibernation(cluster); {
	case cluster == nil:
		outcome.Message = "the database was never made"
	case sleep == nil:
		outcome.Message = fmt.Sprintf("the database is told to sleep and has not begun to, as CloudNativePG puts only a healthy one to sleep: %s", cluster.Status.Phase)
	case sleep.Status != metav1.ConditionTrue:
		outcome.Message = "the database is going to sleep: " + sleep.Message
	}
	return outcome
}

// hibernated tells a database that serves and was put to sleep from one that is down.
// The annotation is taken back by the apply of the Cluster.
func hibernated(cluster *cnpgv1.Cluster) component.Outcome {
	return component.Wait(v1alpha1.ReasonDatabaseHibernated, fmt.Sprintf(
		"PostgreSQL was put to sleep and is being woken; if it falls asleep again, find out who annotates the Cluster %s/%s with %s=on",
		cluster.Namespace, cluster.Name, conditionHibernation), 0)
}
