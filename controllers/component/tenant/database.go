package tenant

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

// cellPoll is how often a tenant looks at a cell that is not ready, besides
// being woken when it becomes so.
const cellPoll = 10 * time.Second

// Database waits for the PostgreSQL of the tenant's cell.
type Database struct{}

// Condition implements component.Component.
func (Database) Condition() string { return v1alpha1.ConditionDatabaseReady }

// Needs implements component.Component.
func (Database) Needs(*Scope) []string { return []string{v1alpha1.ConditionPlaced} }

// Reconcile implements component.Component.
func (Database) Reconcile(_ context.Context, s *Scope) component.Outcome {
	condition := meta.FindStatusCondition(s.Cell.Status.Conditions, v1alpha1.ConditionDatabaseReady)
	switch {
	case condition == nil:
		return component.Wait(v1alpha1.ReasonDatabaseStarting, fmt.Sprintf("the Cell %s is new", s.Cell.Name), cellPoll)
	case condition.Status != "True":
		return component.Wait(condition.Reason, fmt.Sprintf("the Cell %s: %s", s.Cell.Name, condition.Message), cellPoll)
	}
	return component.Outcome{}
}
