package tenant

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// cellPoll is how often a tenant looks at a cell that is not ready, besides
// being woken when it becomes so.
const cellPoll = 10 * time.Second

// Database waits for the PostgreSQL that holds the tenant's rows, and opens the
// way to it when the runtime is in another cell.
type Database struct{ *Parts }

// Condition implements component.Component.
func (Database) Condition() string { return v1alpha1.ConditionDatabaseReady }

// Needs implements component.Component.
func (Database) Needs(*Scope) []string { return []string{v1alpha1.ConditionPlaced} }

// Reconcile implements component.Component.
func (c Database) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	if s.Store.Name == s.Cell.Name {
		s.Database = &binding.Database{Cell: true}
		return cellCondition(s.Store, v1alpha1.ConditionDatabaseReady)
	}
	if outcome := cellCondition(s.Cell, v1alpha1.ConditionNamespacesReady); !outcome.Ready() {
		return outcome
	}
	if outcome := c.openDoor(ctx, s); !outcome.Ready() {
		return outcome
	}
	for _, condition := range []string{v1alpha1.ConditionDatabaseReady, v1alpha1.ConditionSchemaReady} {
		if outcome := cellCondition(s.Store, condition); !outcome.Ready() {
			return outcome
		}
	}
	return c.access(ctx, s)
}

// cellCondition is ready when a condition of the cell is True, else says why not.
func cellCondition(c *v1alpha1.Cell, name string) component.Outcome {
	condition := meta.FindStatusCondition(c.Status.Conditions, name)
	switch {
	case condition == nil:
		return component.Wait(v1alpha1.ReasonDatabaseStarting, fmt.Sprintf("the Cell %s is new", c.Name), cellPoll)
	case condition.Status != metav1.ConditionTrue:
		return component.Wait(condition.Reason, fmt.Sprintf("the Cell %s: %s", c.Name, condition.Message), cellPoll)
	}
	return component.Outcome{}
}

// openDoor lets the serving cell's runtime out to this one database: one
// NetworkPolicy a database, never one growing list.
func (c Database) openDoor(ctx context.Context, s *Scope) component.Outcome {
	reader, err := runtimeReader(ctx, s.Cluster, s.Cell.Name)
	if err != nil {
		return component.Fail(err)
	}
	door, err := desired.DatabaseDoor(desired.DoorInput{TenantID: s.ID.String(), ServingCell: s.Cell.Name})
	if err == nil {
		_, _, err = c.Applier(s.Cluster, s.Tenant).Apply(ctx, reader, door)
	}
	if err != nil {
		return component.Fail(err)
	}
	return component.Outcome{}
}

// access reads how the runtime logs in: with the passwords of the database's own
// two roles, to a server that the database's own authority certifies.
func (c Database) access(ctx context.Context, s *Scope) component.Outcome {
	namespace := desired.DatabaseNamespace(s.Store.Name)
	reader, err := s.Cluster.Caches.Open(ctx, namespace, cell.DatabaseKinds()...)
	if err != nil {
		return component.Fail(err)
	}
	database := &binding.Database{Host: desired.DatabaseHost(s.Store.Name)}
	for _, need := range []struct {
		secret, key string
		to          *string
	}{
		{desired.RoleSecretApp, corev1.BasicAuthPasswordKey, &database.AppPassword},
		{desired.RoleSecretLane, corev1.BasicAuthPasswordKey, &database.LanePassword},
		{desired.DatabaseCASecret, binding.FileCA, &database.CAPEM},
	} {
		var secret corev1.Secret
		if err := reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: need.secret}, &secret); client.IgnoreNotFound(err) != nil {
			return component.Fail(err)
		}
		if *need.to = string(secret.Data[need.key]); *need.to == "" {
			return component.Wait(v1alpha1.ReasonDatabaseStarting, fmt.Sprintf("the Secret %s/%s is not there yet", namespace, need.secret), cellPoll)
		}
	}
	s.Database = database
	return component.Outcome{}
}
