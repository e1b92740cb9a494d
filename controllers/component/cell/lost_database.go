package cell

import (
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// knowDatabase records which Cluster has the cell's data. Once there is a schema, one
// that is gone is not made anew before a human says so: it would come up empty, and
// what CloudNativePG may have left of its volumes would be overlooked.
func (s *Scope) knowDatabase() component.Outcome {
	status := &s.Cell.Status
	lost := s.Facts.Cluster == nil && status.DatabaseUID != "" && status.SchemaImage != ""
	switch {
	case lost && s.Cell.Annotations[v1alpha1.AnnotationReplaceDatabase] == status.DatabaseUID:
		status.DatabaseUID, status.SchemaImage = "", ""
	case lost:
		return component.Stall(v1alpha1.ReasonDatabaseGone, fmt.Sprintf(
			"the Cluster %s/%s (UID %s) with the cell's data is gone; restore it from a backup or from its volumes, "+
				"or have a new and empty one made: annotate this Cell with %s=%[3]s",
			desired.DatabaseNamespace(s.Cell.Name), desired.DatabaseCluster, status.DatabaseUID, v1alpha1.AnnotationReplaceDatabase))
	default:
		status.DatabaseUID = s.Facts.DatabaseUID
	}
	if s.Facts.Cluster != nil {
		s.keepDatabase(s.Facts.Cluster.UID)
	}
	return component.Outcome{}
}

// keepDatabase makes an apply fail that would make the Cluster anew: it may have
// gone since the facts were read.
func (s *Scope) keepDatabase(uid types.UID) {
	for _, object := range s.Set.Database {
		if object.GetKind() == cnpgv1.ClusterKind {
			object.SetUID(uid)
		}
	}
}
