// Package vault keeps the tenants' keys: one key, one policy and one role a
// tenant in a Vault server (HashiCorp Vault or OpenBao). The operator creates
// and configures; it can use no key.
package vault

import (
	"context"
	"errors"
)

// Spec is what exists in Vault for one tenant.
type Spec struct {
	// Key is the name of the transit key, Role that of the role and the policy.
	Key, Role string
	// AuthMount is where that identity logs in: the configured mount when empty,
	// another cluster's (Mounts) otherwise.
	AuthMount string
	// Namespace and ServiceAccount are the identity that may use the key.
	Namespace, ServiceAccount string
}

// State is what was found of a Spec.
type State int

// The states of a Spec.
const (
	// KeyMissing : there is no key. Made anew it opens nothing of what was sealed before.
	KeyMissing State = iota + 1
	// Differs : there is a key, but its policy or its role is not as the spec says.
	Differs
	// AsIntended : everything is as the spec says.
	AsIntended
)

// Keys keeps the tenants' keys. Every method is idempotent.
type Keys interface {
	// Observe reports what there is. It changes nothing. The State is meaningless
	// when there is an error.
	Observe(ctx context.Context, spec Spec) (State, error)
	// Ensure makes everything as the spec says, the key included.
	Ensure(ctx context.Context, spec Spec) error
	// EnsureAccess makes the policy and the role as the spec says, and no key.
	EnsureAccess(ctx context.Context, spec Spec) error
	// DeleteRole takes the tenant's pods the right to log in at a mount, the
	// configured one when it is empty. The key stays.
	DeleteRole(ctx context.Context, authMount, role string) error
}

// The ways in which Vault does not serve us.
var (
	// ErrUnreachable : no answer in time.
	ErrUnreachable = errors.New("vault cannot be reached")
	// ErrSealed : it answers that it is sealed.
	ErrSealed = errors.New("vault is sealed")
	// ErrDenied : it refuses the operator's identity, or the operation.
	ErrDenied = errors.New("vault denies the operator")
)
