// Package cell holds the parts of a cell: its namespaces and their walls, its
// database, the database's schema and its runtime.
package cell

import (
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
)

// Scope is one run over one cell: what was read, and what should be.
type Scope struct {
	Cell    *v1alpha1.Cell
	Facts   Facts
	Set     desired.CellSet
	Applier *apply.Applier
	// Image is the runtime image that the operator is configured with.
	Image string
	// Cluster is where the cell is; nil, with the reason, while it cannot be worked with.
	Cluster    *clusters.Cluster
	ClusterErr error

	Now      time.Time
	Settling *Settling

	wrote []string // the kinds of the objects that this run changed
}

// Facts are what was read of the cell's objects, from caches.
type Facts struct {
	// Namespaces are the live namespaces by name; absent ones are missing.
	Namespaces map[string]*corev1.Namespace
	// Runtime and Database read the cell's namespaces; nil until they can be read.
	Runtime, Database client.Reader
	// Unreadable says which kind the operator may not read in a namespace that it may
	// otherwise; what it would have told of is missing here.
	Unreadable error
	// HasDatabaseOperator is false when the cluster does not know CloudNativePG's kinds.
	HasDatabaseOperator bool

	Cluster *cnpgv1.Cluster
	// DatabaseUID is the Cluster's UID, or that of the one that was there before.
	DatabaseUID string

	Migration  *batchv1.Job
	Deployment *appsv1.Deployment
	// RolePasswords are by the name of their Secret; absent ones are missing.
	RolePasswords map[string]string
	// DatabaseCA is the certificate of the database's authority, in PEM.
	DatabaseCA string
	// TLS is whether there is a certificate for the runtime to serve HTTPS with.
	TLS bool
	// Tenants is the number of Bindings.
	Tenants int
}

// Components are the parts of a cell, in the order in which it comes to life.
func Components(cell *v1alpha1.Cell, cluster Cluster) []component.Component[*Scope] {
	parts := []component.Component[*Scope]{Namespaces{}, Database{}, Schema{}, Runtime{}}
	if hasBackups(cell) { // last: Ready says first what keeps the tenants
		parts = append(parts, Backup{})
	}
	if cell.Spec.Cluster != nil {
		return slices.Insert(parts, 0, component.Component[*Scope](cluster))
	}
	return parts
}
