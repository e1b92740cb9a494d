// Package tenant holds the parts of a tenant: its placement and identity, its
// key, its database, its credential and the runtime that serves it.
package tenant

import (
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
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

	// Plan is set by the Placement component, and so are the ones below.
	Plan *v1alpha1.Plan
	ID   uuid.UUID
	Cell *v1alpha1.Cell
	// Bound is the Binding that exists; nil until one does.
	Bound *Bound

	// Credentials are set by the Credential component: the hashes of the API
	// keys that are valid.
	Credentials []binding.Credential

	// Pending is set by the Runtime component while nothing but a young
	// acknowledgement is missing: for how long the status may still wait.
	Pending time.Duration
}

// Parts are what the components work with.
type Parts struct {
	Client       client.Client // reads the cluster-wide cache
	Live         client.Reader // reads past the caches; only deletions do
	Bindings     *Bindings
	Placements   *Placements
	Keys         vault.Keys
	Probes       *Probes
	Pending      *Pending
	TransitMount string
}

// Components are the parts of a tenant, in the order in which it comes to life.
func Components(parts *Parts) []component.Component[*Scope] {
	return []component.Component[*Scope]{
		Placement{parts}, Key{parts}, Database{}, Credential{parts}, Runtime{parts},
	}
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
