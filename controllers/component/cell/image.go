package cell

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// IndexServedBy finds Cells by the cell whose runtime uses their database.
const IndexServedBy = "bulkhead.servedBy"

// IndexCellByServer is the value of IndexServedBy.
func IndexCellByServer(object client.Object) []string {
	if c, ok := object.(*v1alpha1.Cell); ok && c.Spec.ServedBy != "" {
		return []string{c.Spec.ServedBy}
	}
	return nil
}

// RuntimeImage is the configured image once the migrations of every database
// that the runtime serves are done, else the one that runs.
func (s *Scope) RuntimeImage(ctx context.Context, hub client.Reader) (string, error) {
	migrating, err := s.migrating(ctx, hub)
	if err != nil {
		return "", err
	}
	if !migrating && (s.Cell.Spec.Database == nil || Finished(s.Facts.Migration, batchv1.JobComplete)) {
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
func (s *Scope) migrating(ctx context.Context, hub client.Reader) (bool, error) {
	var served v1alpha1.CellList
	if err := hub.List(ctx, &served, client.MatchingFields{IndexServedBy: s.Cell.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return false, err
	}
	for i := range served.Items {
		if holdsUp(&served.Items[i], s.Image) {
			return true, nil
		}
	}
	return false, nil
}

// holdsUp leaves out a cell that is about to be torn down: it is not migrated any more.
func holdsUp(c *v1alpha1.Cell, image string) bool {
	if !c.DeletionTimestamp.IsZero() && MayDiscard(c) {
		return false
	}
	if c.Status.SchemaImage == "" || c.Status.SchemaImage == image || c.Spec.IsRetired() {
		return false
	}
	schema := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionSchemaReady)
	failed := schema != nil && schema.Reason == v1alpha1.ReasonMigrationFailed
	return !failed && meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionDatabaseReady)
}
