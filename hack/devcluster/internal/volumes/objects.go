package volumes

// The parts of the Kubernetes objects that matter here.

type list[T any] struct {
	Items []T `json:"items"`
}

type metadata struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace,omitempty"`
	UID               string            `json:"uid,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
	DeletionTimestamp string            `json:"deletionTimestamp,omitempty"`
}

type claim struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		StorageClassName string   `json:"storageClassName"`
		VolumeName       string   `json:"volumeName"`
		VolumeMode       string   `json:"volumeMode"`
		AccessModes      []string `json:"accessModes"`
		Resources        struct {
			Requests map[string]string `json:"requests"`
		} `json:"resources"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

type volume struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Metadata   metadata     `json:"metadata"`
	Spec       volumeSpec   `json:"spec"`
	Status     volumeStatus `json:"status,omitzero"`
}

type volumeSpec struct {
	StorageClassName              string            `json:"storageClassName"`
	PersistentVolumeReclaimPolicy string            `json:"persistentVolumeReclaimPolicy"`
	AccessModes                   []string          `json:"accessModes"`
	Capacity                      map[string]string `json:"capacity"`
	ClaimRef                      claimRef          `json:"claimRef"`
	HostPath                      hostPath          `json:"hostPath"`
}

type claimRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
}

type hostPath struct {
	Path string `json:"path"`
	Type string `json:"type"`
}

type volumeStatus struct {
	Phase string `json:"phase"`
}

const provisionedBy = "pv.kubernetes.io/provisioned-by"

func (c claim) waitsForUs() bool {
	return c.Spec.StorageClassName == storageClass &&
		c.Spec.VolumeName == "" &&
		c.Spec.VolumeMode != "Block" &&
		c.Status.Phase == "Pending" &&
		c.Metadata.DeletionTimestamp == ""
}

// volumeName follows from the claim's identity, so a volume cannot be made twice for one claim.
func (c claim) volumeName() string { return "pvc-" + c.Metadata.UID }

func (c claim) newVolume(dir string) volume {
	return volume{
		APIVersion: "v1",
		Kind:       "PersistentVolume",
		Metadata: metadata{
			Name:        c.volumeName(),
			Annotations: map[string]string{provisionedBy: Provisioner},
		},
		Spec: volumeSpec{
			StorageClassName:              storageClass,
			PersistentVolumeReclaimPolicy: "Delete",
			AccessModes:                   c.Spec.AccessModes,
			Capacity:                      map[string]string{"storage": c.Spec.Resources.Requests["storage"]},
			ClaimRef: claimRef{
				APIVersion: "v1",
				Kind:       "PersistentVolumeClaim",
				Namespace:  c.Metadata.Namespace,
				Name:       c.Metadata.Name,
				UID:        c.Metadata.UID,
			},
			HostPath: hostPath{Path: dir, Type: "Directory"},
		},
	}
}

// isAbandoned says that the volume is ours, to be deleted, and its claim is gone.
func (v volume) isAbandoned() bool {
	return v.Metadata.Annotations[provisionedBy] == Provisioner &&
		v.Spec.PersistentVolumeReclaimPolicy == "Delete" &&
		v.Status.Phase == "Released" &&
		v.Metadata.DeletionTimestamp == ""
}
