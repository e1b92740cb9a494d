package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Limits bound what one tenant can use. The runtime enforces them.
//
// +kubebuilder:validation:XValidation:rule="!has(self.documentBytes) || !has(self.storageBytes) || self.documentBytes <= self.storageBytes",fieldPath=".documentBytes",message="documentBytes cannot exceed storageBytes: no document of that size could be stored",reason=FieldValueInvalid
// +kubebuilder:validation:MinProperties=1
type Limits struct {
	// documents is the number of documents. The default is 1000.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	Documents int64 `json:"documents,omitempty"`

	// storageBytes is the size in bytes of all documents together. The default
	// is 1073741824 (1 GiB). A database of the tenant's own needs half as much
	// again and 1 GiB; to be searched, the documents have to fit a quarter of a
	// runtime pod's memory.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=109951162777600
	StorageBytes int64 `json:"storageBytes,omitempty"`

	// documentBytes is the size in bytes of one document. The default is
	// 10485760 (10 MiB), and 67108864 (64 MiB) is the most.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=67108864
	DocumentBytes int64 `json:"documentBytes,omitempty"`

	// requestsPerMinute is the number of HTTP requests a minute that one runtime
	// pod accepts. The default is 600.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	RequestsPerMinute int32 `json:"requestsPerMinute,omitempty"`

	// concurrentIngests is the number of uploads at a time that one runtime pod
	// accepts. The default is 2.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	ConcurrentIngests int32 `json:"concurrentIngests,omitempty"`
}

// PlanSpec is the sizes and limits sold to tenants.
//
// +kubebuilder:validation:XValidation:rule="!has(self.database) || !has(self.limits) || !has(self.limits.storageBytes) || (type(self.database.storage) == int ? double(self.database.storage) : quantity(self.database.storage).asApproximateFloat()) >= double(self.limits.storageBytes) * 1.5 + 1073741824.0",fieldPath=".database.storage",message="storage must be at least 1.5 times limits.storageBytes and 1 GiB: else the database is full before the tenant has stored what was sold",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="has(self.database) || !self.tiers.exists(t, t in ['DedicatedDatabase', 'DedicatedPods', 'DedicatedCluster'])",fieldPath=".database",message="a plan for a tier with a database of its own says how large that database is",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule="has(self.runtime) || !self.tiers.exists(t, t in ['DedicatedPods', 'DedicatedCluster'])",fieldPath=".runtime",message="a plan for a tier with pods of its own says how many pods there are",reason=FieldValueRequired
type PlanSpec struct {
	// tiers are the tiers that the plan can be used with.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Tiers []Tier `json:"tiers,omitempty"`

	// limits bound what a tenant can use.
	// +optional
	Limits Limits `json:"limits,omitzero"`

	// retentionDays is the number of days for which the data of a deleted tenant
	// is kept. The default is 30. Nothing is erased in this version.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=36500
	RetentionDays int32 `json:"retentionDays,omitempty"`

	// database is the size of a tenant's own PostgreSQL cluster.
	// +optional
	Database *DatabaseSize `json:"database,omitempty"`

	// runtime is the size of a tenant's own runtime Deployment.
	// +optional
	Runtime *RuntimeSize `json:"runtime,omitempty"`

	// modelEndpoints are the model APIs that the plan's tenants may use: the
	// runtime pods that serve them may reach these addresses. Pods that are
	// shared may reach those of every plan for a tier with shared pods. A range
	// that is private as a whole, such as 10.1.0.0/16, lets the models of the
	// plan's tenants be there, also without TLS; a range such as 0.0.0.0/0 lets
	// them be at public addresses alone.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	ModelEndpoints []Endpoint `json:"modelEndpoints,omitempty"`

	// rollout bounds how a change of this plan reaches the tenants that it serves.
	// +optional
	Rollout *Rollout `json:"rollout,omitempty"`
}

// Rollout bounds how a change reaches the tenants of a plan. Waves are of one
// tenant until one is Ready with the change.
//
// +kubebuilder:validation:MinProperties=1
type Rollout struct {
	// waveSize is how many tenants change at a time. The default is 100.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	WaveSize int32 `json:"waveSize,omitempty"`

	// maxFailures is how many changed tenants may fail, in all waves together,
	// before the change stops. A tenant that was not Ready before its wave cannot
	// fail. The default is 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000
	MaxFailures *int32 `json:"maxFailures,omitempty"`

	// deadlineSeconds is how long the tenants of a wave have to be Ready with the
	// change before they count as failed. The default is 600.
	// +optional
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=86400
	DeadlineSeconds int32 `json:"deadlineSeconds,omitempty"`
}

// PlanStatus is how far the plan's last change has come.
//
// +kubebuilder:validation:MinProperties=1
type PlanStatus struct {
	// conditions are RolledOut: True when every tenant of the plan may have its
	// current content and no wave is waited for, else Progressing or Halted; and, with
	// model endpoints, EndpointsReady: False when an address of theirs stays closed.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// revision identifies the content that is being rolled out.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Revision string `json:"revision,omitempty"`

	// admitted is how far the waves have come: a tenant whose place in the order
	// is not after this one may take up the revision. Places are hexadecimal
	// hashes of tenant ids.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Admitted string `json:"admitted,omitempty"`

	// waveStarted is when the current wave began.
	// +optional
	WaveStarted *metav1.Time `json:"waveStarted,omitempty"`

	// tenants is the number of tenants of the plan.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Tenants *int32 `json:"tenants,omitempty"`

	// updated is the number of those in which the revision is in force.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Updated *int32 `json:"updated,omitempty"`

	// failed is the number of tenants that failed in the waves before the current
	// one.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Failed *int32 `json:"failed,omitempty"`
}

// Plan is the sizes and limits sold to tenants.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=bulkhead
// +kubebuilder:printcolumn:name="Tiers",type=string,JSONPath=`.spec.tiers`
// +kubebuilder:printcolumn:name="Documents",type=integer,JSONPath=`.spec.limits.documents`
// +kubebuilder:printcolumn:name="Requests/min",type=integer,JSONPath=`.spec.limits.requestsPerMinute`
// +kubebuilder:printcolumn:name="Tenants",type=integer,JSONPath=`.status.tenants`
// +kubebuilder:printcolumn:name="Updated",type=integer,JSONPath=`.status.updated`
// +kubebuilder:printcolumn:name="RolledOut",type=string,JSONPath=`.status.conditions[?(@.type=="RolledOut")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name: a plan's name has at most 63 characters",reason=FieldValueInvalid
type Plan struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the sizes and limits.
	// +required
	Spec PlanSpec `json:"spec,omitzero"`

	// status is how far the last change has come.
	// +optional
	Status PlanStatus `json:"status,omitzero"`
}

// PlanList is a list of Plans.
//
// +kubebuilder:object:root=true
type PlanList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list's metadata.
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the Plans.
	Items []Plan `json:"items"`
}
