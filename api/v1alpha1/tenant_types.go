package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Tier says what a tenant does not share with others, weakest first.
//
// +kubebuilder:validation:Enum=Shared;DedicatedDatabase;DedicatedPods;DedicatedCluster
type Tier string

// The isolation tiers.
const (
	// TierShared is a place in a shared cell: own key, own rows, own limits.
	TierShared Tier = "Shared"
	// TierDedicatedDatabase adds a PostgreSQL cluster of the tenant's own.
	TierDedicatedDatabase Tier = "DedicatedDatabase"
	// TierDedicatedPods adds a namespace and runtime pods of the tenant's own.
	TierDedicatedPods Tier = "DedicatedPods"
	// TierDedicatedCluster adds a Kubernetes cluster of the tenant's own.
	TierDedicatedCluster Tier = "DedicatedCluster"
)

// Containment says how far a tenant's access is restricted, weakest first.
//
// +kubebuilder:validation:Enum=None;ReadOnly;Suspended;Quarantined
type Containment string

// The containment levels.
const (
	ContainmentNone        Containment = "None"
	ContainmentReadOnly    Containment = "ReadOnly"
	ContainmentSuspended   Containment = "Suspended"
	ContainmentQuarantined Containment = "Quarantined"
)

// Language is what a tenant's documents and questions are written in, as an ISO 639-1
// code.
//
// +kubebuilder:validation:Enum=en;de;fr;es;it;pt;nl;da;sv;no;fi
type Language string

// DeletionPolicy says what happens to a tenant's data when its object is deleted.
//
// +kubebuilder:validation:Enum=Retain
type DeletionPolicy string

// DeletionPolicyRetain stops access and keeps the data and the key.
const DeletionPolicyRetain DeletionPolicy = "Retain"

// PlanReference names a Plan.
type PlanReference struct {
	// name of a Plan.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`
}

// TenantSpec is what somebody wants for one customer.
//
// +kubebuilder:validation:XValidation:rule="self.tier != 'DedicatedCluster' || has(self.cluster)",fieldPath=".cluster",message="the tier DedicatedCluster needs a cluster: give cluster.kubeconfigSecretRef or cluster.clusterAPI",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule="!has(self.cluster) || !(self.tier in ['Shared', 'DedicatedDatabase', 'DedicatedPods'])",fieldPath=".cluster",message="only the tier DedicatedCluster has a cluster of its own; leave cluster out, or change tier",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="has(self.cluster) == has(oldSelf.cluster) && (!has(self.cluster) || self.cluster == oldSelf.cluster)",fieldPath=".cluster",message="cluster cannot be given, changed or left out later: the tenant's data is where it is",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.adoptID) || (has(self.adoptID) && self.adoptID == oldSelf.adoptID)",fieldPath=".adoptID",message="adoptID cannot change once it is set; delete the Tenant (its data is retained) and apply a new one with the other id",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="(has(self.credentialGeneration) ? self.credentialGeneration : 1) >= (has(oldSelf.credentialGeneration) ? oldSelf.credentialGeneration : 1)",fieldPath=".credentialGeneration",message="credentialGeneration can only rise; raise it by one to rotate the credential",reason=FieldValueInvalid
type TenantSpec struct {
	// tier says what the tenant does not share with others: Shared,
	// DedicatedDatabase, DedicatedPods or DedicatedCluster, weakest first.
	// +required
	Tier Tier `json:"tier,omitempty"`

	// planRef names the Plan whose sizes and limits apply. The default is the
	// tier's default plan; status.plan shows which one that is.
	// +optional
	PlanRef *PlanReference `json:"planRef,omitempty"`

	// displayName is the customer's name for people: `kubectl get tenants -o wide` shows it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=120
	DisplayName string `json:"displayName,omitempty"`

	// cellSelector restricts placement to cells with these labels, such as a
	// region. It is read when the tenant is placed and not again.
	// +optional
	CellSelector *metav1.LabelSelector `json:"cellSelector,omitempty"`

	// cluster is the Kubernetes cluster of a tenant that has one to itself.
	// +optional
	Cluster *ClusterReference `json:"cluster,omitempty"`

	// language is what the tenant's documents and questions are written in: en (the
	// default), de, fr, es, it, pt, nl, da, sv, no or fi. When it changes, the documents
	// are read anew in the background and searched as before until then.
	// +optional
	Language Language `json:"language,omitempty"`

	// models are the models of other people that the tenant uses: to answer, to embed
	// and to rank. The questions and the documents that these need are sent there.
	// +optional
	Models *Models `json:"models,omitempty"`

	// identityProvider is whose tokens let the tenant's users in, beside API keys.
	// +optional
	IdentityProvider *IdentityProvider `json:"identityProvider,omitempty"`

	// containment restricts the tenant's access: None (the default), ReadOnly,
	// Suspended or Quarantined.
	// +optional
	Containment Containment `json:"containment,omitempty"`

	// credentialGeneration rotates the tenant's credential when it rises. The
	// credential before it stays valid for one hour. The default is 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	CredentialGeneration *int64 `json:"credentialGeneration,omitempty"`

	// deletionPolicy says what happens to the data when this object is deleted.
	// Retain (the default) stops access and keeps the data and the key.
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// adoptID is the id of a retained tenant whose data this Tenant takes over.
	// It is shown in the message of the condition Placed=False/NameRetained.
	// +optional
	// +kubebuilder:validation:MinLength=36
	// +kubebuilder:validation:MaxLength=36
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`
	AdoptID string `json:"adoptID,omitempty"`
}

// Placement says which cells serve a tenant.
type Placement struct {
	// database is the Cell whose PostgreSQL holds the tenant's rows.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Database string `json:"database,omitempty"`

	// compute is the Cell whose runtime serves the tenant.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Compute string `json:"compute,omitempty"`
}

// SecretReference names a Secret.
type SecretReference struct {
	// namespace of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// TenantStatus is what the operator found and resolved.
//
// +kubebuilder:validation:MinProperties=1
type TenantStatus struct {
	// conditions are Ready, and what it is computed from: Placed, KeyReady,
	// DatabaseReady, CredentialReady, RuntimeReady and, with models, ModelsReady, with an
	// identity provider, IdentityReady, and with a gateway, EndpointReady.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// id is the tenant's identity: the object's first UID, or one adopted. Every
	// physical name (key, role, Binding) carries it.
	// +optional
	// +kubebuilder:validation:MinLength=36
	// +kubebuilder:validation:MaxLength=36
	ID string `json:"id,omitempty"`

	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// tier is the tier that is served. It differs from spec.tier until a change
	// of tier is carried out.
	// +optional
	Tier Tier `json:"tier,omitempty"`

	// plan is the Plan in force.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Plan string `json:"plan,omitempty"`

	// planRevision identifies the content of the Plan that is in force: the runtime
	// acknowledged it, and what the tenant owns has its sizes. A change of the Plan
	// reaches its tenants in waves.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	PlanRevision string `json:"planRevision,omitempty"`

	// placement says which cells serve the tenant.
	// +optional
	Placement *Placement `json:"placement,omitempty"`

	// endpoint is the URL of the tenant's HTTP API: with a gateway configured a
	// host name that never changes, else the Service of the cell that serves it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Endpoint string `json:"endpoint,omitempty"`

	// credentialSecretRef names the Secret whose key "apiKey" is the tenant's
	// first API key. It may be deleted after hand-over.
	// +optional
	CredentialSecretRef *SecretReference `json:"credentialSecretRef,omitempty"`
}

// Tenant is one customer of the service.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=tn,categories=bulkhead
// +kubebuilder:printcolumn:name="Tier",type=string,JSONPath=`.spec.tier`
// +kubebuilder:printcolumn:name="Plan",type=string,JSONPath=`.status.plan`
// +kubebuilder:printcolumn:name="Cell",type=string,JSONPath=`.status.placement.compute`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Endpoint",type=string,priority=1,JSONPath=`.status.endpoint`
// +kubebuilder:printcolumn:name="Database",type=string,priority=1,JSONPath=`.status.placement.database`
// +kubebuilder:printcolumn:name="Key",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="KeyReady")].reason`
// +kubebuilder:printcolumn:name="DisplayName",type=string,priority=1,JSONPath=`.spec.displayName`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name: a tenant's name has at most 40 characters, begins with a letter and contains only lower-case letters, digits and dashes",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="!has(self.spec.adoptID) || has(oldSelf.spec.adoptID) || !has(oldSelf.status) || !has(oldSelf.status.id) || self.spec.adoptID == oldSelf.status.id",fieldPath=".spec.adoptID",message="this Tenant has an identity already (status.id); apply a new Tenant with the adoptID",reason=FieldValueForbidden
type Tenant struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is what somebody wants for this customer.
	// +required
	Spec TenantSpec `json:"spec,omitzero"`

	// status is what the operator found and resolved.
	// +optional
	Status TenantStatus `json:"status,omitzero"`
}

// TenantList is a list of Tenants.
//
// +kubebuilder:object:root=true
type TenantList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list's metadata.
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the Tenants.
	Items []Tenant `json:"items"`
}
