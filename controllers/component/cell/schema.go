package cell

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
)

// Schema brings the database up to the runtime image, before any pod runs it.
type Schema struct{}

// Condition implements component.Component.
func (Schema) Condition() string { return v1alpha1.ConditionSchemaReady }

// Needs implements component.Component.
func (Schema) Needs(*Scope) []string { return []string{v1alpha1.ConditionDatabaseReady} }

// Reconcile implements component.Component.
func (Schema) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	if outcome := s.applyAll(ctx, s.Set.Schema); !outcome.Ready() {
		return outcome
	}
	job := s.Facts.Migration
	switch {
	case s.Cell.Spec.Database == nil:
		return component.Outcome{}
	case s.Cell.Spec.IsRetired():
		return component.Outcome{Reason: v1alpha1.ReasonRetired}
	case Finished(job, batchv1.JobComplete):
		s.Cell.Status.SchemaImage = s.Image
		return component.Outcome{}
	case Finished(job, batchv1.JobFailed):
		return component.Stall(v1alpha1.ReasonMigrationFailed, fmt.Sprintf(
			"the migration gave up; read `kubectl -n %[1]s logs job/%[2]s`, mend the cause and delete the Job to try again; pods keep the image they run",
			job.Namespace, job.Name))
	}
	return component.Wait(v1alpha1.ReasonMigrating, "the migration Job has not finished", 0)
}

// Finished reports whether a Job ended in the given way.
func Finished(job *batchv1.Job, how batchv1.JobConditionType) bool {
	if job == nil {
		return false
	}
	for _, c := range job.Status.Conditions {
		if c.Type == how && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}
