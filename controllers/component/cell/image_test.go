package cell

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// TestHoldsUp: a shared runtime waits for the migration of every database that it
// serves, but not of one that is about to go.
func TestHoldsUp(t *testing.T) {
	deleted := metav1.Now()
	for name, c := range map[string]struct {
		change func(*v1alpha1.Cell)
		want   bool
	}{
		"an old schema":                    {func(*v1alpha1.Cell) {}, true},
		"the new schema":                   {func(c *v1alpha1.Cell) { c.Status.SchemaImage = "new" }, false},
		"deleted, its data not given up":   {func(c *v1alpha1.Cell) { c.DeletionTimestamp = &deleted }, true},
		"deleted with its data":            {func(c *v1alpha1.Cell) { c.DeletionTimestamp = &deleted; discard(c, c.Spec.TenantID) }, false},
		"deleted with the data of another": {func(c *v1alpha1.Cell) { c.DeletionTimestamp = &deleted; discard(c, "other") }, true},
		"given up, but not deleted":        {func(c *v1alpha1.Cell) { discard(c, c.Spec.TenantID) }, true},
		"a database that does not serve":   {func(c *v1alpha1.Cell) { c.Status.Conditions = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			served := &v1alpha1.Cell{Spec: v1alpha1.CellSpec{TenantID: "5f1c2d3e-0000-4000-8000-000000000001"}}
			served.Status.SchemaImage = "old"
			served.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionDatabaseReady, Status: metav1.ConditionTrue}}
			c.change(served)
			if got := holdsUp(served, "new"); got != c.want {
				t.Errorf("holdsUp = %v", got)
			}
		})
	}
}

func discard(c *v1alpha1.Cell, id string) {
	c.Annotations = map[string]string{v1alpha1.AnnotationDiscardData: id}
}
