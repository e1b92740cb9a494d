package desired

import (
	"strconv"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

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

// databaseCluster is the cell's PostgreSQL.
func databaseCluster(in CellInput) any {
	size := in.Cell.Spec.Database
	if size == nil {
		return nil
	}
	instances := int(max(size.Instances, 1))
	cluster := &cnpgv1.Cluster{
		TypeMeta: metav1.TypeMeta{APIVersion: cnpgv1.SchemeGroupVersion.String(), Kind: cnpgv1.ClusterKind},
		ObjectMeta: metav1.ObjectMeta{
			Name:      nameDatabase,
			Namespace: DatabaseNamespace(in.Cell.Name),
			Labels:    labels(in.Cell.Name, PartDatabase),
		},
		Spec: cnpgv1.ClusterSpec{
			Instances:       instances,
			ImageName:       in.Config.Images.PostgreSQL,
			ImagePullPolicy: corev1.PullIfNotPresent,
			EnablePDB:       ptr.To(instances > 1), // a budget over one instance only blocks node drains
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
				Parameters: map[string]string{
					"max_connections":     strconv.Itoa(maxConnections),
					"password_encryption": "scram-sha-256",
				},
				PgHBA: []string{"hostnossl all all all reject"},
			},
		},
	}
	if size.Resources != nil {
		cluster.Spec.Resources = *size.Resources
	}
	return withoutZeroClaims(cluster)
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
func withoutZeroClaims(cluster *cnpgv1.Cluster) any {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(cluster)
	if err != nil {
		return cluster // the same conversion is tried, and its error reported, by the set
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
