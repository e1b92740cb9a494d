package desired

import (
	corev1 "k8s.io/api/core/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const (
	migrationDeadlineSeconds = 15 * 60
	migrationRetries         = 5
)

// migrationJob brings the schema up to the configured image, before any runtime
// pod runs it. Only this Job sees the credentials of the tables' owner. It does
// not wake a retired cell's database.
func migrationJob(in CellInput) any {
	if in.Cell.Spec.Database == nil || in.DatabaseUID == "" || retired(in) {
		return nil
	}
	cell, image := in.Cell.Name, in.Config.Images.Runtime
	container := hardened(corev1ac.Container().WithName("migrate").WithImage(image)).
		WithArgs(binding.CommandMigrate).
		WithEnv(env(binding.EnvDatabaseHost, DatabaseHost(cell))).
		WithVolumeMounts(mount("migrator", binding.DirMigrator), mount("database-ca", binding.DirDatabaseCA)).
		WithResources(applied(migrationResources()))
	pod := restricted(corev1ac.PodSpec()).
		WithRestartPolicy(corev1.RestartPolicyNever).
		WithAutomountServiceAccountToken(false).
		WithContainers(container).
		WithVolumes(
			secretVolume("migrator", nameMigrator, binding.FileUsername, binding.FilePassword),
			secretVolume("database-ca", nameDatabaseCA, binding.FileCA),
		)
	return batchv1ac.Job(MigrationJob(image, in.DatabaseUID), DatabaseNamespace(cell)).
		WithLabels(labels(cell, PartMigration)).
		WithSpec(batchv1ac.JobSpec().
			WithBackoffLimit(migrationRetries).
			WithActiveDeadlineSeconds(migrationDeadlineSeconds).
			WithTemplate(corev1ac.PodTemplateSpec().WithLabels(migrationPod(cell)).WithSpec(pod)))
}
