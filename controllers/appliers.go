package controllers

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
)

// appliers make Appliers, which share what they know.
type appliers struct {
	recorder Recorder
	known    apply.Known
}

// of applies an owner's objects in a cluster, and tells of repairs on the owner.
func (a *appliers) of(cluster *clusters.Cluster, owner client.Object) *apply.Applier {
	return &apply.Applier{
		Client: cluster.Client, Live: cluster.Live, Owned: owned, Known: &a.known,
		Repaired: func(object *unstructured.Unstructured, damage apply.Damage) {
			a.recorder.repaired(owner, object, damage)
		},
	}
}

// forget forgets the objects of a cell that is gone.
func (a *appliers) forget(c *v1alpha1.Cell) {
	a.known.Forget(desired.RuntimeNamespace(c.Name))
	a.known.Forget(desired.DatabaseNamespace(c.Name))
}
