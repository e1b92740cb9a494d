package v1alpha1

// ConditionReady is True when everything that the object asks for is served.
// Its reason and message are those of the first condition that is not True.
const ConditionReady = "Ready"

// The conditions of a Tenant, in the order in which a tenant comes to life.
const (
	// ConditionPlaced is True when a Binding commits the tenant to a cell.
	ConditionPlaced = "Placed"
	// ConditionKeyReady is True when the tenant's key, its policy and its role exist.
	ConditionKeyReady = "KeyReady"
	// ConditionDatabaseReady is True when the cell's database is healthy.
	ConditionDatabaseReady = "DatabaseReady"
	// ConditionCredentialReady is True when the tenant's first API key was issued.
	ConditionCredentialReady = "CredentialReady"
	// ConditionModelsReady is True when every model of the tenant can be used: the Plan
	// allows its address, and its key is there. It exists only with spec.models.
	ConditionModelsReady = "ModelsReady"
	// ConditionIdentityReady is True when every key of the tenant's identity provider can
	// be used. It exists only with spec.identityProvider.
	ConditionIdentityReady = "IdentityReady"
	// ConditionRuntimeReady is True when every Ready runtime pod serves the current Binding.
	ConditionRuntimeReady = "RuntimeReady"
	// ConditionEndpointReady is True when the gateway routes the tenant's host
	// name to its runtime. It exists only when a gateway is configured.
	ConditionEndpointReady = "EndpointReady"
)

// The conditions that only a Cell has; it also has DatabaseReady and RuntimeReady.
const (
	// ConditionClusterReady is True when the cell's own cluster answers and has
	// what Bulkhead needs. It exists only for a cell on a cluster of its own.
	ConditionClusterReady = "ClusterReady"
	// ConditionNamespacesReady is True when the cell's namespaces and their walls exist.
	ConditionNamespacesReady = "NamespacesReady"
	// ConditionSchemaReady is True when the database has the migrations of the runtime image.
	ConditionSchemaReady = "SchemaReady"
	// ConditionDeleted is never True: it exists only while the cell is being deleted,
	// and its reason says what is in the way.
	ConditionDeleted = "Deleted"
)

// ConditionBackupReady of a Cell is True while nothing keeps base backups of its
// database from being made. It exists only for a cell with a backup schedule.
const ConditionBackupReady = "BackupReady"

// ConditionEndpointsReady of a Plan is True when every address of its model
// endpoints can be opened. It exists only for a plan with model endpoints.
const ConditionEndpointsReady = "EndpointsReady"

// ConditionRolledOut of a Plan is True when the waves of its last change are over.
const ConditionRolledOut = "RolledOut"

// Reasons of RolledOut.
const (
	// ReasonProgressing : waves of tenants are taking up the change.
	ReasonProgressing = "Progressing"
	// ReasonHalted : too many changed tenants are not Ready; the message names some.
	// It goes on by itself when they are.
	ReasonHalted = "Halted"
	// ReasonComplete : every tenant may have the plan's current content.
	ReasonComplete = "Complete"
)

// Reasons of ClusterReady; tenants on such a cluster have them too.
const (
	// ReasonKubeconfigMissing : the Secret with the cluster's kubeconfig does not exist.
	ReasonKubeconfigMissing = "KubeconfigMissing"
	// ReasonKubeconfigInvalid : the kubeconfig cannot be used, or is not safe to use.
	ReasonKubeconfigInvalid = "KubeconfigInvalid"
	// ReasonClusterProvisioning : Cluster API is making the cluster.
	ReasonClusterProvisioning = "ClusterProvisioning"
	// ReasonClusterAPIMissing : Cluster API is not installed.
	ReasonClusterAPIMissing = "ClusterAPIMissing"
	// ReasonClusterGone : the Cluster that Cluster API made is gone, and with it maybe
	// the data; it is not made anew.
	ReasonClusterGone = "ClusterGone"
	// ReasonClusterOffline : the cluster's API server does not answer; what runs there goes on.
	ReasonClusterOffline = "ClusterOffline"
	// ReasonClusterConnecting : the connection to the cluster is being made.
	ReasonClusterConnecting = "ClusterConnecting"
	// ReasonClusterInUse : another tenant's cell has the cluster, or it is the one that
	// the operator runs in.
	ReasonClusterInUse = "ClusterInUse"
	// ReasonPrerequisitesMissing : the cluster lacks what config/remote installs.
	ReasonPrerequisitesMissing = "PrerequisitesMissing"
)

// Reasons of EndpointReady.
const (
	// ReasonGatewayAPIMissing : the cluster has no Gateway API.
	ReasonGatewayAPIMissing = "GatewayAPIMissing"
	// ReasonRouteNotAccepted : the gateway has not accepted the tenant's route.
	ReasonRouteNotAccepted = "RouteNotAccepted"
)

// Reasons of any condition.
const (
	// ReasonReady : nothing is left to do.
	ReasonReady = "Ready"
	// ReasonBlocked : another condition, named in the message, has to be True first.
	ReasonBlocked = "Blocked"
	// ReasonError : an unexpected error; it is retried.
	ReasonError = "Error"
	// ReasonForeignObject : an object that the operator did not make has the name it needs.
	ReasonForeignObject = "ForeignObject"
	// ReasonRetained : the object is being deleted; access is stopped and the data is kept.
	ReasonRetained = "Retained"
	// ReasonAccessDenied : the operator lacks a right in the cluster; the message says which.
	ReasonAccessDenied = "AccessDenied"
	// ReasonAdmissionDenied : a webhook or a policy of somebody else refuses what the operator writes.
	ReasonAdmissionDenied = "AdmissionDenied"
)

// Reasons of Placed.
const (
	// ReasonNoCapacity : no accepting cell that matches has room.
	ReasonNoCapacity = "NoCapacity"
	// ReasonPlanNotFound : the Plan does not exist.
	ReasonPlanNotFound = "PlanNotFound"
	// ReasonPlanNotForTier : the Plan does not list the tenant's tier.
	ReasonPlanNotForTier = "PlanNotForTier"
	// ReasonPlanIncomplete : the Plan lacks a size that the tier needs.
	ReasonPlanIncomplete = "PlanIncomplete"
	// ReasonClusterRequired : the tier needs spec.cluster, or cannot have it.
	ReasonClusterRequired = "ClusterRequired"
	// ReasonMoveRequired : spec.tier differs from the tier that is served, and moves do not exist yet.
	ReasonMoveRequired = "MoveRequired"
	// ReasonNameRetained : a deleted tenant of this name left data; spec.adoptID says whether it is the same customer.
	ReasonNameRetained = "NameRetained"
	// ReasonAdoptionNotFound : no retained tenant has the id in spec.adoptID.
	ReasonAdoptionNotFound = "AdoptionNotFound"
	// ReasonIDInUse : another Tenant has the id that this one would take.
	ReasonIDInUse = "IDInUse"
	// ReasonIdentityAmbiguous : several Bindings carry this tenant's name or id.
	ReasonIdentityAmbiguous = "IdentityAmbiguous"
	// ReasonCellGone : the Cell that holds the tenant does not exist.
	ReasonCellGone = "CellGone"
	// ReasonInvalidSelector : spec.cellSelector cannot be read.
	ReasonInvalidSelector = "InvalidSelector"
)

// Reasons of KeyReady.
const (
	// ReasonVaultUnreachable : Vault did not answer.
	ReasonVaultUnreachable = "VaultUnreachable"
	// ReasonVaultSealed : Vault answered that it is sealed.
	ReasonVaultSealed = "VaultSealed"
	// ReasonKeyMissing : Vault has lost the tenant's key; nothing else opens its data.
	ReasonKeyMissing = "KeyMissing"
	// ReasonVaultDenied : Vault refused the operator's token.
	ReasonVaultDenied = "VaultDenied"
)

// Reasons of CredentialReady.
const (
	// ReasonCollected : the credential Secret was deleted after hand-over.
	ReasonCollected = "Collected"
)

// Reasons of ModelsReady. The tenant is served without the models that the message names.
const (
	// ReasonModelKeyMissing : the Secret with a model's API key does not exist.
	ReasonModelKeyMissing = "ModelKeyMissing"
	// ReasonModelKeyInvalid : the Secret holds no API key, or one for another API.
	ReasonModelKeyInvalid = "ModelKeyInvalid"
	// ReasonModelRefused : the model's URL can not be used, or is not where the Plan lets models be.
	ReasonModelRefused = "ModelRefused"
)

// Reasons of IdentityReady. The tenant is served without the keys that the message names.
const (
	// ReasonIdentityKeyInvalid : a key of the identity provider is none, or is too weak.
	ReasonIdentityKeyInvalid = "IdentityKeyInvalid"
)

// Reasons of DatabaseReady and SchemaReady.
const (
	// ReasonDatabaseOperatorMissing : the cluster has no CloudNativePG.
	ReasonDatabaseOperatorMissing = "DatabaseOperatorMissing"
	// ReasonDatabaseStarting : the PostgreSQL cluster is not healthy yet.
	ReasonDatabaseStarting = "DatabaseStarting"
	// ReasonDatabaseGone : the PostgreSQL cluster with the cell's data does not exist any more.
	ReasonDatabaseGone = "DatabaseGone"
	// ReasonDatabaseChanging : PostgreSQL serves, and is not yet what it should be. The condition is True.
	ReasonDatabaseChanging = "DatabaseChanging"
	// ReasonDatabaseHibernated : somebody put the PostgreSQL of a cell that serves to sleep.
	ReasonDatabaseHibernated = "DatabaseHibernated"
	// ReasonMigrating : the migration Job runs.
	ReasonMigrating = "Migrating"
	// ReasonMigrationFailed : the migration Job gave up; its log says why.
	ReasonMigrationFailed = "MigrationFailed"
)

// Reasons of BackupReady.
const (
	// ReasonBackupFailed : CloudNativePG says that the last base backup failed.
	ReasonBackupFailed = "BackupFailed"
)

// Reasons of RuntimeReady.
const (
	// ReasonRuntimeStarting : not enough runtime pods are Ready.
	ReasonRuntimeStarting = "RuntimeStarting"
	// ReasonAwaitingAcknowledgement : a Ready runtime pod has not acknowledged the current Binding.
	ReasonAwaitingAcknowledgement = "AwaitingAcknowledgement"
	// ReasonKeyDenied : a runtime pod was refused the tenant's key.
	ReasonKeyDenied = "KeyDenied"
	// ReasonKeyUnreachable : a runtime pod cannot reach the tenant's key.
	ReasonKeyUnreachable = "KeyUnreachable"
	// ReasonDatabaseUnreachable : a runtime pod cannot reach, or log in to, the tenant's own database.
	ReasonDatabaseUnreachable = "DatabaseUnreachable"
	// ReasonDatabaseUnproven : the tenant's own database lacks what the runtime requires of it.
	ReasonDatabaseUnproven = "DatabaseUnproven"
	// ReasonContained : spec.containment restricts access.
	ReasonContained = "Contained"
)

// Reasons of NamespacesReady and of a Cell's deletion.
const (
	// ReasonQuotaExceeded : a ResourceQuota keeps an object from being made.
	ReasonQuotaExceeded = "QuotaExceeded"
	// ReasonEndpointRefused : an endpoint's address range holds a metadata service and stays closed.
	ReasonEndpointRefused = "EndpointRefused"
	// ReasonRetired : the cell's runtime is stopped and its database asleep; the data is kept.
	ReasonRetired = "Retired"
	// ReasonForeignNamespace : a namespace of the needed name exists and is not the cell's.
	ReasonForeignNamespace = "ForeignNamespace"
	// ReasonNamespaceTerminating : a namespace of the cell is being deleted.
	ReasonNamespaceTerminating = "NamespaceTerminating"
	// ReasonCellInUse : tenants are placed in the cell, so it cannot be deleted.
	ReasonCellInUse = "CellInUse"
)
