package desired

import (
	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// backupSchedule makes base backups of the cell's database. The first is made at
// once: until a first one there is nothing to restore, and whatever is wrong with
// the configuration shows today and not in the night. Nothing that CloudNativePG
// makes of it is owned by it, so that backups outlive their schedule.
func backupSchedule(in CellInput) any {
	if in.Cell.Spec.Database == nil || in.Cell.Spec.Database.Backup == nil {
		return nil
	}
	backup := in.Cell.Spec.Database.Backup
	spec := cnpgv1.ScheduledBackupSpec{
		Schedule:             backup.Schedule,
		Immediate:            ptr.To(true),
		Suspend:              ptr.To(retired(in)), // a backup of a sleeping database fails
		Cluster:              cnpgv1.LocalObjectReference{Name: nameDatabase},
		BackupOwnerReference: "none",
		Method:               cnpgv1.BackupMethodVolumeSnapshot,
	}
	if usesPlugin(backup) {
		spec.Method = cnpgv1.BackupMethodPlugin
		spec.PluginConfiguration = &cnpgv1.BackupPluginConfiguration{Name: backup.PluginName, Parameters: backup.PluginParameters}
	}
	return withoutZeroClaims(&cnpgv1.ScheduledBackup{
		TypeMeta: metav1.TypeMeta{APIVersion: cnpgv1.SchemeGroupVersion.String(), Kind: "ScheduledBackup"},
		ObjectMeta: metav1.ObjectMeta{
			Name:      nameDatabase,
			Namespace: DatabaseNamespace(in.Cell.Name),
			Labels:    labels(in.Cell.Name, PartDatabase),
		},
		Spec: spec,
	})
}

func usesPlugin(backup *v1alpha1.BackupSchedule) bool {
	return backup != nil && backup.Method == v1alpha1.BackupPlugin
}

// snapshots are taken of the running database, whose one volume holds its WAL
// too, and stay when the database goes.
func snapshots(backup *v1alpha1.BackupSchedule) *cnpgv1.BackupConfiguration {
	if backup == nil || usesPlugin(backup) {
		return nil
	}
	return &cnpgv1.BackupConfiguration{VolumeSnapshot: &cnpgv1.VolumeSnapshotConfiguration{
		Online:                 ptr.To(true),
		SnapshotOwnerReference: cnpgv1.ShapshotOwnerReferenceNone,
	}}
}

// backupPlugins loads the plugin for the database. It archives the WAL too:
// without that, its base backups could not be restored.
func backupPlugins(backup *v1alpha1.BackupSchedule) []cnpgv1.PluginConfiguration {
	if !usesPlugin(backup) {
		return nil
	}
	return []cnpgv1.PluginConfiguration{{
		Name:          backup.PluginName,
		IsWALArchiver: ptr.To(true),
		Parameters:    backup.PluginParameters,
	}}
}
