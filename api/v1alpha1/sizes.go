package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// DatabaseSize is the size of a PostgreSQL cluster.
type DatabaseSize struct {
	// instances is the number of PostgreSQL instances; from two on, one is the
	// primary and the others are replicas ready to take over: what was acknowledged
	// is on one of them too, unless none was well. The default is 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=9
	Instances int32 `json:"instances,omitempty"`

	// storage is the size of each instance's volume, such as 10Gi.
	// +required
	Storage *resource.Quantity `json:"storage,omitempty"`

	// resources of each instance. By default 50m of CPU and 256Mi of memory are
	// requested and 1Gi of memory is the limit.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	// synchronizeLogicalDecoding keeps logical replication slots alive through a
	// failover, so that a move survives one. It takes effect with two instances
	// or more. The default is false.
	// +optional
	SynchronizeLogicalDecoding *bool `json:"synchronizeLogicalDecoding,omitempty"`

	// backup schedules base backups. Without it none are made.
	// +optional
	Backup *BackupSchedule `json:"backup,omitempty"`
}

// BackupMethod is a way of CloudNativePG to make a base backup.
//
// +kubebuilder:validation:Enum=VolumeSnapshot;Plugin
type BackupMethod string

// The backup methods.
const (
	// BackupVolumeSnapshot takes a CSI snapshot of the volume.
	BackupVolumeSnapshot BackupMethod = "VolumeSnapshot"
	// BackupPlugin asks a CloudNativePG plugin, such as the Barman Cloud one.
	BackupPlugin BackupMethod = "Plugin"
)

// BackupSchedule says when base backups are made, and how.
//
// +kubebuilder:validation:XValidation:rule="(has(self.method) && self.method == 'Plugin') == has(self.pluginName)",fieldPath=".pluginName",message="pluginName is given with method Plugin and only with it",reason=FieldValueInvalid
type BackupSchedule struct {
	// schedule in cron format with seconds first, such as "0 0 3 * * *" for
	// every night at three (https://cloudnative-pg.io/docs: ScheduledBackup).
	// +required
	// +kubebuilder:validation:MinLength=11
	// +kubebuilder:validation:MaxLength=120
	Schedule string `json:"schedule,omitempty"`

	// method is VolumeSnapshot (the default) or Plugin.
	// +optional
	Method BackupMethod `json:"method,omitempty"`

	// pluginName is the CloudNativePG plugin that makes the backup.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	PluginName string `json:"pluginName,omitempty"`

	// pluginParameters are handed to the plugin, such as barmanObjectName.
	// +optional
	PluginParameters map[string]string `json:"pluginParameters,omitempty"`
}

// RuntimeSize is the size of a runtime Deployment, and where its pods run.
type RuntimeSize struct {
	// replicas is the number of runtime pods, and the lowest number when they
	// are scaled. The default is 2.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Replicas int32 `json:"replicas,omitempty"`

	// resources of each pod. By default 50m of CPU and 128Mi of memory are
	// requested and 1Gi of memory is the limit.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	// autoscaling adds pods while they are busy. Without it there are always
	// as many as replicas says.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`

	// nodeSelector restricts the pods to nodes with these labels.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations let the pods run on nodes with these taints.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// runtimeClassName runs the pods in a sandbox that the cluster offers, such
	// as gVisor or Kata Containers.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	RuntimeClassName string `json:"runtimeClassName,omitempty"`
}

// Autoscaling bounds how many pods are added, and says when.
type Autoscaling struct {
	// maxReplicas is the highest number of pods.
	// +required
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=100
	MaxReplicas int32 `json:"maxReplicas,omitempty"`

	// targetCPUPercent of the requested CPU, over all pods, above which pods are
	// added. The default is 80.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	TargetCPUPercent int32 `json:"targetCPUPercent,omitempty"`
}

// Endpoint is a place outside of the cell that runtime pods may reach, such as
// a model's API.
type Endpoint struct {
	// name of the endpoint, for people.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// cidrs are the address ranges behind the endpoint. NetworkPolicies know no
	// host names. A link-local range is refused: metadata services live there.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self)",message="must be an address range such as 203.0.113.0/24"
	// +kubebuilder:validation:items:XValidation:rule="!isCIDR(self) || !cidr('169.254.0.0/16').containsCIDR(self) && !cidr('fe80::/10').containsCIDR(self)",message="link-local addresses, where metadata services live, cannot be allowed"
	CIDRs []string `json:"cidrs,omitempty"`

	// port is the TCP port. The default is 443.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
}
