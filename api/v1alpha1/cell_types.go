package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// CellSpec is a compartment with room for a number of tenants.
//
// +kubebuilder:validation:XValidation:rule="has(self.database) || has(self.runtime)",message="a cell has a database, a runtime or both",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule="has(self.database) == has(oldSelf.database)",fieldPath=".database",message="a cell cannot gain or lose its database; make another cell",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="has(self.runtime) == has(oldSelf.runtime)",fieldPath=".runtime",message="a cell cannot gain or lose its runtime; make another cell",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(self.database) || !has(oldSelf.database) || quantity(self.database.storage).compareTo(quantity(oldSelf.database.storage)) >= 0",fieldPath=".database.storage",message="storage cannot shrink: PostgreSQL volumes only grow",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="has(self.tenantID) == has(oldSelf.tenantID) && (!has(self.tenantID) || self.tenantID == oldSelf.tenantID)",fieldPath=".tenantID",message="a cell cannot change hands; make another cell",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(self.tenantID) || self.capacity == 1",fieldPath=".capacity",message="a tenant's own cell has room for that tenant only: capacity is 1",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="!has(self.cluster) || has(self.tenantID)",fieldPath=".cluster",message="only a tenant's own cell can be on another cluster",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="has(self.cluster) == has(oldSelf.cluster) && (!has(self.cluster) || self.cluster == oldSelf.cluster)",fieldPath=".cluster",message="a cell cannot change clusters; make another cell",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(self.retired) || !self.retired || has(self.tenantID)",fieldPath=".retired",message="a shared cell is not retired; set accepting to false, and delete it when its tenants have left",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(self.servedBy) || !has(self.runtime)",fieldPath=".servedBy",message="a cell with a runtime serves its database itself",reason=FieldValueForbidden
type CellSpec struct {
	// tenantID makes the cell one tenant's own. The operator makes such cells.
	// +optional
	// +kubebuilder:validation:MinLength=36
	// +kubebuilder:validation:MaxLength=36
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`
	TenantID string `json:"tenantID,omitempty"`

	// cluster is the Kubernetes cluster in which the cell is; the default is the
	// one that the operator runs in.
	// +optional
	Cluster *ClusterReference `json:"cluster,omitempty"`

	// servedBy names the Cell whose runtime uses this cell's database.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	ServedBy string `json:"servedBy,omitempty"`

	// retired stops the runtime and puts the database to sleep; the data stays.
	// The operator retires the cell of a deleted tenant. The default is false.
	// +optional
	Retired *bool `json:"retired,omitempty"`

	// accepting says whether new tenants may be placed here. The default is
	// true; false drains the cell as its tenants leave.
	// +optional
	Accepting *bool `json:"accepting,omitempty"`

	// capacity is the number of tenants that fit.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Capacity int32 `json:"capacity,omitempty"`

	// database makes the cell hold a PostgreSQL cluster of this size.
	// +optional
	Database *DatabaseSize `json:"database,omitempty"`

	// runtime makes the cell hold a runtime Deployment of this size.
	// +optional
	Runtime *RuntimeSize `json:"runtime,omitempty"`

	// endpoints are places outside of the cell that its runtime pods may reach,
	// such as a model's API. Everything else outside is closed to them.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Endpoints []Endpoint `json:"endpoints,omitempty"`
}

// IsRetired reports whether the cell's runtime is stopped and its database asleep.
func (s *CellSpec) IsRetired() bool { return s.Retired != nil && *s.Retired }

// CellStatus is what the operator found.
//
// +kubebuilder:validation:MinProperties=1
type CellStatus struct {
	// conditions are Ready, and what it is computed from: NamespacesReady,
	// DatabaseReady, SchemaReady, RuntimeReady, with a backup schedule BackupReady, on
	// a cluster of its own ClusterReady and, during its deletion, Deleted.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// tenants is the number of tenants placed here, retained ones included,
	// refreshed every few seconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Tenants *int32 `json:"tenants,omitempty"`

	// schemaImage is the runtime image whose migrations the database has.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	SchemaImage string `json:"schemaImage,omitempty"`

	// databaseUID is the UID of the CloudNativePG Cluster with the cell's data. When that
	// object is lost, no other takes its place by itself: it would be empty.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	DatabaseUID string `json:"databaseUID,omitempty"`

	// clusterUID identifies the cell's own Kubernetes cluster by the UID of its namespace
	// kube-system. No other cell gets that cluster, by whatever kubeconfig.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ClusterUID string `json:"clusterUID,omitempty"`

	// namespaces are the namespaces that the cell owns, by name and UID: a
	// namespace of the same name with another UID is not the cell's.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=2
	Namespaces []OwnedNamespace `json:"namespaces,omitempty"`
}

// OwnedNamespace identifies a namespace beyond its name.
type OwnedNamespace struct {
	// name of the namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// uid of the namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	UID string `json:"uid,omitempty"`
}

// AnnotationDiscardData on a tenant's own Cell that is being deleted confirms
// that its data may go. Its value is the tenant's id. Without it, and while the
// tenant exists or is retained, the cell stays.
const AnnotationDiscardData = "bulkhead.dev/discard-data"

// AnnotationReplaceDatabase on a Cell whose CloudNativePG Cluster is gone lets the
// operator make a new and empty one. Its value is the UID of the lost one, so that
// it confirms one loss and never the next.
const AnnotationReplaceDatabase = "bulkhead.dev/replace-database"

// AnnotationAdoptNamespaces on a Cell lets the operator take over an existing
// namespace. Its value is a comma-separated list of name=UID.
const AnnotationAdoptNamespaces = "bulkhead.dev/adopt-namespaces"

// Cell is a compartment with room for a number of tenants.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=bulkhead
// +kubebuilder:printcolumn:name="Accepting",type=boolean,JSONPath=`.spec.accepting`
// +kubebuilder:printcolumn:name="Capacity",type=integer,JSONPath=`.spec.capacity`
// +kubebuilder:printcolumn:name="Tenants",type=integer,JSONPath=`.status.tenants`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Tenant",type=string,priority=1,JSONPath=`.metadata.labels.bulkhead\.dev/tenant`
// +kubebuilder:printcolumn:name="ServedBy",type=string,priority=1,JSONPath=`.spec.servedBy`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name: a cell's name has at most 40 characters, begins with a letter and contains only lower-case letters, digits and dashes",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="has(self.spec.tenantID) ? self.metadata.name == 't-' + self.spec.tenantID : !self.metadata.name.matches('^t-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')",message="metadata.name: a tenant's own cell, and no other, is named t- and the tenant's id",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.endsWith('-db') && !(self.metadata.name in ['system', 'credentials', 'clusters', 'models'])",message="metadata.name: a cell's name cannot end in -db or be system, credentials, clusters or models: its namespaces would carry another's name",reason=FieldValueInvalid
type Cell struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the room and the sizes.
	// +required
	Spec CellSpec `json:"spec,omitzero"`

	// status is what the operator found.
	// +optional
	Status CellStatus `json:"status,omitzero"`
}

// CellList is a list of Cells.
//
// +kubebuilder:object:root=true
type CellList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list's metadata.
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the Cells.
	Items []Cell `json:"items"`
}
