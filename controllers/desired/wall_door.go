package desired

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

type DoorInput struct{ ServingCell, TenantID string }

func DatabaseDoor(in DoorInput) (*unstructured.Unstructured, error) {
	var b build
	w := wall("database-"+in.TenantID, RuntimeNamespace(in.ServingCell), in.ServingCell, PartRuntime, RuntimePod(in.ServingCell), nil,
		[]*egress{to(portPostgreSQL, pods(DatabaseNamespace(OwnCellName(in.TenantID)), databasePod()))})
	return b.objects(w)[0], nil
}
