package cell

import (
	"context"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

// backupProbe is how often a schedule that was refused is tried again.
const backupProbe = time.Minute

// Backup has base backups of the cell's database made. It holds nobody up: a tenant
// is served without them, too. Only a cell with a schedule has this part, and once
// more after that, to take the condition back.
type Backup struct{}

// Condition implements component.Component.
func (Backup) Condition() string { return v1alpha1.ConditionBackupReady }

// Needs implements component.Component.
func (Backup) Needs(*Scope) []string { return []string{v1alpha1.ConditionDatabaseReady} }

// Reconcile implements component.Component.
func (Backup) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	if len(s.Set.Backup) == 0 {
		return component.Outcome{Gone: true}
	}
	if outcome := s.applyAll(ctx, s.Set.Backup); !outcome.Ready() {
		return outcome.Patient(backupProbe)
	}
	if s.Cell.Spec.IsRetired() {
		return component.Outcome{Reason: v1alpha1.ReasonRetired, Message: "no backup is made of a database that sleeps; those that were made are kept"}
	}
	return lastBackup(s.Facts.Cluster)
}

// lastBackup is what CloudNativePG says of the last base backup.
func lastBackup(cluster *cnpgv1.Cluster) component.Outcome {
	last := meta.FindStatusCondition(cluster.Status.Conditions, string(cnpgv1.ConditionBackup))
	switch {
	case last == nil:
		return component.Outcome{Message: "no base backup was finished yet"}
	case last.Status == metav1.ConditionFalse && last.Reason == string(cnpgv1.ConditionReasonLastBackupFailed):
		return component.Wait(v1alpha1.ReasonBackupFailed, fmt.Sprintf(
			"the last base backup failed: %s; look at `kubectl -n %s get backups`", last.Message, cluster.Namespace), 0)
	}
	return component.Outcome{}
}

// hasBackups reports whether a cell has a backup schedule, or had one when it was
// looked at last.
func hasBackups(c *v1alpha1.Cell) bool {
	return (c.Spec.Database != nil && c.Spec.Database.Backup != nil) ||
		meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionBackupReady) != nil
}
