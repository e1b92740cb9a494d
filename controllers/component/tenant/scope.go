// Package tenant holds the parts of a tenant: its placement and identity, its
// key, its database, its credential and the runtime that serves it.
package tenant

import (
	"slices"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Scope is one run over one tenant: what was read before it, and what its
// components found out for one another.
type Scope struct {
	Tenant  *v1alpha1.Tenant
	Profile tier.Profile
	Now     time.Time

	// Cluster is where the tenant's runtime is: the hub, or the tenant's own as
	// the Cluster component found it; nil while that is being made.
	Cluster          *clusters.Cluster
	ClusterBeingMade bool

	// Plan is set by the Placement component, and so are the ones below.
	Plan *v1alpha1.Plan
	ID   uuid.UUID
	// Own is the cell that the tenant has to itself; nil while it does not exist.
	Own *v1alpha1.Cell
	// Cell serves the tenant; Store holds its database. They are one cell unless
	// only one of the two is the tenant's own.
	Cell, Store *v1alpha1.Cell
	// Bound is the Binding that exists; nil until one does.
	Bound *Bound
	// PlanAdmitted says that the Plan as it is now is the tenant's; before its wave has
	// come, the tenant keeps what it has.
	PlanAdmitted bool

	// Leaving is set while the tenant is deleted: its own Cell, or what that would be.
	Leaving *v1alpha1.Cell

	// Database is set by the Database component: how the runtime reaches the
	// tenant's rows. Nil until that is known.
	Database *binding.Database

	// Credentials are set by the Credential component: the hashes of the API
	// keys that are valid.
	Credentials []binding.Credential

	// Models are set by the Models component: those that can be used, with their keys.
	// Nil until that is known.
	Models *binding.Models

	// Pending is set by the Runtime component while nothing but a young
	// acknowledgement is missing: for how long the status may still wait.
	Pending time.Duration
}

// served reports whether a Binding has a runtime serve the tenant.
func (s *Scope) served() bool { return s.Bound != nil && s.Bound.Binding.State == binding.Active }

// compute names the cell whose runtime serves the tenant: that of the Binding once
// there is one.
func (s *Scope) compute() string {
	if s.Bound != nil {
		return s.Bound.Cell
	}
	return s.Cell.Name
}

// Parts are what the components work with.
type Parts struct {
	Client       client.Client // of the hub, where Tenants, Cells and Plans are
	Clusters     *clusters.Clusters
	Bindings     *Bindings
	Placements   *Placements
	Keys         vault.Keys
	Probes       *component.Probes[vault.Spec]
	Pending      *Pending
	TransitMount string
	// Gateway leads host names to tenants; nil without one.
	Gateway  *configuration.Gateway
	Absences *Absences
	// Applier applies an owner's objects in a cluster.
	Applier func(on *clusters.Cluster, owner client.Object) *apply.Applier
}

// Components are the parts of a tenant, in the order in which it comes to life.
func Components(parts *Parts, s *Scope) []component.Component[*Scope] {
	all := []component.Component[*Scope]{
		Placement{parts}, Key{parts}, Database{parts}, Credential{parts}, Runtime{parts},
	}
	if s.Profile.Cluster == tier.Own {
		all = slices.Insert(all, 0, component.Component[*Scope](Cluster{parts}))
	}
	if s.Tenant.Spec.Models != nil || has(s.Tenant, v1alpha1.ConditionModelsReady) {
		all = slices.Insert(all, len(all)-1, component.Component[*Scope](Models{parts}))
	}
	if s.Tenant.Spec.IdentityProvider != nil || has(s.Tenant, v1alpha1.ConditionIdentityReady) {
		all = append(all, IdentityProvider{parts})
	}
	if parts.mayHaveRoute(s.Tenant) {
		all = append(all, Endpoint{parts})
	}
	return all
}

// has reports whether the tenant had a condition when it was looked at last.
func has(t *v1alpha1.Tenant, condition string) bool {
	return meta.FindStatusCondition(t.Status.Conditions, condition) != nil
}

// Bound is a Binding as it is stored.
type Bound struct {
	Cell   string
	ID     uuid.UUID
	Name   string // of the tenant
	Secret *corev1.Secret
	// Binding is the zero value when the stored bytes cannot be read.
	Binding binding.Binding
}
