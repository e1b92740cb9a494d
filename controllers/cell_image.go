package controllers

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
)

// IndexServedBy finds Cells by the cell whose runtime uses their database.
const IndexServedBy = "bulkhead.servedBy"

// indexCellByServer is the value of IndexServedBy.
func indexCellByServer(object client.Object) []string {
	if c, ok := object.(*v1alpha1.Cell); ok && c.Spec.ServedBy != "" {
		return []string{c.Spec.ServedBy}
	}
	return nil
}

// runtimeImage is the configured image once the migrations of every database
// that the runtime serves are done, else the one that runs.
func (r *CellReconciler) runtimeImage(ctx context.Context, s *cell.Scope) (string, error) {
	migrating, err := r.migrating(ctx, s)
	if err != nil {
		return "", err
	}
	if !migrating && (s.Cell.Spec.Database == nil || cell.Finished(s.Facts.Migration, batchv1.JobComplete)) {
		return s.Image, nil
	}
	if d := s.Facts.Deployment; d != nil && len(d.Spec.Template.Spec.Containers) > 0 {
		return d.Spec.Template.Spec.Containers[0].Image, nil
	}
	return "", nil
}

// migrating reports whether another cell's database, which this runtime serves,
// is about to get the image's migrations. One that failed, or that is down,
// holds nobody up: its own tenant waits for it.
func (r *CellReconciler) migrating(ctx context.Context, s *cell.Scope) (bool, error) {
	var served v1alpha1.CellList
	if err := r.Client.List(ctx, &served, client.MatchingFields{IndexServedBy: s.Cell.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return false, err
	}
	for i := range served.Items {
		if holdsUp(&served.Items[i], s.Image) {
			return true, nil
		}
	}
	return false, nil
}

func holdsUp(c *v1alpha1.Cell, image string) bool {
	if c.Status.SchemaImage == "" || c.Status.SchemaImage == image || c.Spec.IsRetired() {
		return false
	}
	schema := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionSchemaReady)
	failed := schema != nil && schema.Reason == v1alpha1.ReasonMigrationFailed
	return !failed && meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionDatabaseReady)
}
