package binding

// The ports of a runtime pod.
const (
	PortAPI = 8080 // the tenants' HTTP API, TLS when the TLS Secret is mounted
	PortOps = 8081 // /healthz, /readyz and /metrics, never exposed by the Service
)

// The subcommands of the runtime image.
const (
	CommandServe   = "serve"
	CommandMigrate = "migrate"
)

// FlagIndexTenantPercent says to CommandServe how much of the memory of search indexes
// one tenant's may take.
const FlagIndexTenantPercent = "index-tenant-percent"

// The directories that a runtime pod mounts, read-only.
const (
	DirDatabase   = "/etc/bulkhead/database"    // FileAppPassword, FileLanePassword
	DirDatabaseCA = "/etc/bulkhead/database-ca" // FileCA
	DirVaultCA    = "/etc/bulkhead/vault-ca"    // FileCA; system roots when absent
	DirVaultToken = "/var/run/secrets/bulkhead" // FileVaultToken, a projected ServiceAccount token
	DirTLS        = "/etc/bulkhead/tls"         // tls.crt and tls.key; plain HTTP when absent
	DirMigrator   = "/etc/bulkhead/migrator"    // FileUsername, FilePassword of RoleMigrator (migration Job)

	FileAppPassword  = "app-password"
	FileLanePassword = "lane-password"
	FileCA           = "ca.crt"
	FileVaultToken   = "vault-token"
	FileUsername     = "username"
	FilePassword     = "password"
)

// The environment of a runtime pod.
const (
	EnvNamespace    = "POD_NAMESPACE"
	EnvPodName      = "POD_NAME"
	EnvPodUID       = "POD_UID"
	EnvDatabaseHost = "BULKHEAD_DATABASE_HOST" // as in the server's certificate; port DatabasePort; empty: the cell has no database
	EnvVaultAddress = "BULKHEAD_VAULT_ADDRESS"
	EnvVaultAuth    = "BULKHEAD_VAULT_AUTH_MOUNT" // mount path of the Kubernetes auth method
	EnvMemoryLimit  = "BULKHEAD_MEMORY_LIMIT"     // of the container, in bytes
)
