package desired

import (
	"strconv"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// maxConnections of a cell's PostgreSQL: the runtime replicas' pools, with room
// for a roll-out, the migration Job and CloudNativePG itself.
const maxConnections = 200

// How long a stopping PostgreSQL waits for its clients to leave, and in all. The
// runtime's pools never leave by themselves; they reconnect.
const (
	smartShutdownSeconds = 5
	stopSeconds          = 60
)

// annotationHibernation puts a Cluster to sleep and wakes it
// (https://cloudnative-pg.io/docs: declarative hibernation).
const annotationHibernation = "cnpg.io/hibernation"

// databaseCluster is the cell's PostgreSQL. A retired cell's sleeps: its volumes
// stay, its pods do not.
func databaseCluster(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	hibernation := "off" // said, not left out: nobody else puts a serving database to sleep
	if retired(in) {
		hibernation = "on"
	}
	return withoutZeroClaims(&cnpgv1.Cluster{
		TypeMeta: metav1.TypeMeta{APIVersion: cnpgv1.SchemeGroupVersion.String(), Kind: cnpgv1.ClusterKind},
		ObjectMeta: metav1.ObjectMeta{
			Name:        nameDatabase,
			Namespace:   DatabaseNamespace(in.Cell.Name),
			Labels:      labels(in.Cell.Name, PartDatabase),
			Annotations: map[string]string{annotationHibernation: hibernation},
		},
		Spec: clusterSpec(in),
	})
}

func clusterSpec(in CellInput) cnpgv1.ClusterSpec {
	size := in.Cell.Spec.Database
	return cnpgv1.ClusterSpec{
		Instances:       int(instances(size)),
		ImageName:       in.Config.Images.PostgreSQL,
		ImagePullPolicy: corev1.PullIfNotPresent,
		EnablePDB:       ptr.To(instances(size) > 1), // a budget over one instance only blocks node drains
		Resources:       sized(size.Resources, databaseResources()),
		StorageConfiguration: cnpgv1.StorageConfiguration{
			Size:               size.Storage.String(),
			ResizeInUseVolumes: ptr.To(true),
		},
		Bootstrap: &cnpgv1.BootstrapConfiguration{InitDB: &cnpgv1.BootstrapInitDB{
			Database:               binding.DatabaseName,
			Owner:                  binding.RoleMigrator,
			DataChecksums:          ptr.To(true),
			PostInitApplicationSQL: binding.BootstrapSQL(),
		}},
		Managed: &cnpgv1.ManagedConfiguration{Roles: []cnpgv1.RoleConfiguration{
			loginRole(binding.RoleApp, RoleSecretApp, binding.RoleRW),
			loginRole(binding.RoleLane, RoleSecretLane),
		}},
		SmartShutdownTimeout: ptr.To[int32](smartShutdownSeconds),
		MaxStopDelay:         stopSeconds,
		PostgresConfiguration: cnpgv1.PostgresConfiguration{
			Parameters:  parameters(size),
			Synchronous: synchronous(size),
			PgHBA:       []string{"hostnossl all all all reject"},
		},
		ReplicationSlots: replicationSlots(size),
		Backup:           snapshots(size.Backup),
		Plugins:          backupPlugins(size.Backup),
	}
}

// instances is the number of PostgreSQL instances.
func instances(size *v1alpha1.DatabaseSize) int32 { return max(size.Instances, 1) }

func parameters(size *v1alpha1.DatabaseSize) map[string]string {
	p := map[string]string{
		"max_connections":     strconv.Itoa(maxConnections),
		"password_encryption": "scram-sha-256",
		// Merges replace large objects all the time: what they leave is used again sooner.
		"autovacuum_naptime": "10s",
	}
	if synchronizesSlots(size) { // what CloudNativePG demands for it
		p["hot_standby_feedback"] = "on"
		p["sync_replication_slots"] = "on"
	}
	return p
}

// synchronizesSlots needs PostgreSQL 17, and somewhere to keep the copies.
func synchronizesSlots(size *v1alpha1.DatabaseSize) bool {
	return ptr.Deref(size.SynchronizeLogicalDecoding, false) && instances(size) > 1
}

// synchronous has a commit wait for a replica, and lets only an instance that has all
// commits become the primary. While no replica is well the primary serves alone, and
// nobody takes over from it
// (https://cloudnative-pg.io/docs: synchronous replication, failover quorum).
func synchronous(size *v1alpha1.DatabaseSize) *cnpgv1.SynchronousReplicaConfiguration {
	if instances(size) == 1 {
		return nil
	}
	return &cnpgv1.SynchronousReplicaConfiguration{
		Method:         cnpgv1.SynchronousReplicaConfigurationMethodAny,
		Number:         1,
		DataDurability: cnpgv1.DataDurabilityLevelPreferred,
		FailoverQuorum: true,
	}
}

func replicationSlots(size *v1alpha1.DatabaseSize) *cnpgv1.ReplicationSlotsConfiguration {
	if !synchronizesSlots(size) {
		return nil
	}
	return &cnpgv1.ReplicationSlotsConfiguration{HighAvailability: &cnpgv1.ReplicationSlotsHAConfiguration{
		Enabled:                    ptr.To(true),
		SynchronizeLogicalDecoding: true,
	}}
}

func loginRole(name, passwordSecret string, groups ...string) cnpgv1.RoleConfiguration {
	return cnpgv1.RoleConfiguration{
		Name:            name,
		Ensure:          cnpgv1.EnsurePresent,
		Login:           true,
		Inherit:         ptr.To(true),
		InRoles:         groups,
		ConnectionLimit: -1,
		PasswordSecret:  &cnpgv1.LocalObjectReference{Name: passwordSecret},
	}
}

// withoutZeroClaims drops the null and empty values that a typed object turns
// into: an apply would claim them as ours.
func withoutZeroClaims(object any) any {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return object // the same conversion is tried, and its error reported, by the set
	}
	delete(content, "status")
	pruneEmpty(content)
	return &unstructured.Unstructured{Object: content}
}

func pruneEmpty(content map[string]any) {
	for key, value := range content {
		if child, ok := value.(map[string]any); ok {
			pruneEmpty(child)
			if len(child) == 0 {
				delete(content, key)
			}
		}
		if value == nil {
			delete(content, key)
		}
	}
}
