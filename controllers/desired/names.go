package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/util/validation"
)

// uuidLength is that of the one spelling that ids have here.
const uuidLength = 36

// Every name that the operator derives is made here, and nowhere else. Cell and
// tenant names have at most 40 characters (the CRDs see to it), so that every
// derived name is a DNS label of at most 63.

// The namespaces that belong to the installation, not to a cell.
const (
	SystemNamespace      = "bulkhead-system"
	CredentialsNamespace = "bulkhead-credentials"
	// ClustersNamespace holds the kubeconfigs of tenants' own clusters.
	ClustersNamespace = "bulkhead-clusters"
	// ModelsNamespace holds the API keys of tenants' models.
	ModelsNamespace = "bulkhead-models"
)

// Names inside a cell's namespaces.
const (
	nameRuntime     = "runtime"      // Deployment, HorizontalPodAutoscaler, Service, ServiceAccount, PodDisruptionBudget, RoleBinding, NetworkPolicy
	nameManager     = "manager"      // RoleBinding of the operator
	nameBounds      = "cell"         // ResourceQuota, LimitRange
	nameDefaultDeny = "default-deny" // NetworkPolicy
	nameDatabase    = "database"     // CloudNativePG Cluster and ScheduledBackup, NetworkPolicy, the runtime's password Secret
	nameDatabaseCA  = "database-ca"  // CloudNativePG's Secret, and the ConfigMap with its certificate only
	nameVaultCA     = "vault-ca"     // ConfigMap
	nameMigration   = "migration"    // NetworkPolicy
	nameMigrator    = "database-app" // CloudNativePG's Secret of the database's owner
	nameTLS         = "runtime-tls"  // optional Secret of the runtime's HTTPS certificate
	prefixMigrate   = "migrate-"     // Job, one an image and database
	prefixEndpoint  = "endpoint-"    // NetworkPolicy, one an endpoint of the Cell
	prefixPlan      = "plan-"        // NetworkPolicy, one a Plan with model endpoints
	prefixDoor      = "database-"    // NetworkPolicy, one a dedicated database
)

// Names of things that live outside of this package.
const (
	// RuntimeServiceAccount is the identity of runtime pods.
	RuntimeServiceAccount = nameRuntime
	// ClusterRoleRuntime and ClusterRoleManager are bound inside cells only.
	ClusterRoleRuntime = "bulkhead-runtime"
	ClusterRoleManager = "bulkhead-cell-manager"
	// RoleSecretApp and RoleSecretLane hold the passwords of the two login roles.
	RoleSecretApp  = "role-app"
	RoleSecretLane = "role-lane"
	// DatabaseCluster is the CloudNativePG Cluster of a cell.
	DatabaseCluster = nameDatabase
	// DatabaseCASecret holds CloudNativePG's certificate authority.
	DatabaseCASecret = nameDatabaseCA
	// TLSSecret is where a cell's certificate for HTTPS is looked for.
	TLSSecret = nameTLS
	// ReviewerSecret, on a tenant's own cluster, holds the token with which Vault
	// reviews the identities of its pods.
	ReviewerSecret = "bulkhead-vault-reviewer-token"
	// RuntimeDeployment serves the cell's tenants.
	RuntimeDeployment = nameRuntime
)

// OwnCellName is the cell of a tenant that has one to itself. The Cell's CEL rule
// keeps the name for it.
func OwnCellName(id string) string { return "t-" + id }

// OwnerOfCell is the tenant whose own a cell is by its name.
func OwnerOfCell(cell string) (tenantID string, ok bool) {
	id, ok := strings.CutPrefix(cell, OwnCellName(""))
	return id, ok && len(id) == uuidLength && uuid.Validate(id) == nil
}

// ClusterAPIKubeconfig is the Secret that Cluster API makes for the cluster of a cell.
func ClusterAPIKubeconfig(cell string) string { return cell + "-kubeconfig" }

// AuthMount is the path of the Vault auth method of a cell's own cluster.
func AuthMount(cell string) string { return "bulkhead/" + cell }

// RuntimeNamespace is where a cell's runtime and Bindings live.
func RuntimeNamespace(cell string) string { return "bulkhead-" + cell }

// DatabaseNamespace is where a cell's PostgreSQL lives.
func DatabaseNamespace(cell string) string { return "bulkhead-" + cell + "-db" }

// DatabaseHost is the name by which a cell's primary is reached and certified.
func DatabaseHost(cell string) string {
	return nameDatabase + "-rw." + DatabaseNamespace(cell) + ".svc"
}

// Endpoint is the in-cluster URL of a cell's HTTP API.
func Endpoint(cell string) string {
	return "http://" + nameRuntime + "." + RuntimeNamespace(cell) + ".svc"
}

// Host is the host name by which a gateway of the domain knows a tenant.
func Host(tenant, domain string) string { return tenant + "." + domain }

// MigrationJob is the Job that brings the schema of one database, known by its
// Cluster's UID, up to a runtime image.
func MigrationJob(image, databaseUID string) string {
	sum := sha256.Sum256([]byte(image + " " + databaseUID))
	return prefixMigrate + hex.EncodeToString(sum[:5])
}

// endpointWall is the NetworkPolicy of one of a Cell's endpoints.
func endpointWall(endpoint string) string { return labelled(prefixEndpoint, endpoint) }

// planWall is the NetworkPolicy of a Plan's model endpoints.
func planWall(plan string) string { return labelled(prefixPlan, plan) }

// door is the NetworkPolicy by which a shared runtime reaches a tenant's own database.
func door(id string) string { return prefixDoor + id }

// labelled makes a DNS label of a name that people chose: the name itself where
// that works, else a hash of it behind a second dash, which no DNS label begins with.
func labelled(prefix, name string) string {
	if len(validation.IsDNS1123Label(prefix+name)) == 0 && !strings.HasPrefix(name, "-") {
		return prefix + name
	}
	sum := sha256.Sum256([]byte(name))
	return prefix + "-" + hex.EncodeToString(sum[:16])
}

// BindingSecret is the Binding of a tenant id.
func BindingSecret(id string) string { return "tenant-" + id }

// TenantOfBinding is the tenant id in the name of a Binding. The name cannot be
// changed, as a label can.
func TenantOfBinding(secret string) (tenantID string, ok bool) {
	id, ok := strings.CutPrefix(secret, BindingSecret(""))
	return id, ok && uuid.Validate(id) == nil
}

// Route is the HTTPRoute of a tenant id.
func Route(id string) string { return "tenant-" + id }

// KeyName is the transit key of a tenant id.
func KeyName(id string) string { return "t-" + id }

// VaultRole is the Vault role, and the policy, of a tenant id.
func VaultRole(id string) string { return "bulkhead-t-" + id }

// CredentialSecret is the Secret with a tenant's first API key; it lives in CredentialsNamespace.
func CredentialSecret(tenant string) string { return tenant }
