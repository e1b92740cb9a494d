// Package tenants is the live set of tenants that this replica serves. It
// watches the Bindings in the pod's namespace, keeps what is in effect in
// memory, sees to each tenant's rows and keys, and to its database where that
// is its own, and acknowledges to the operator what it did.
package tenants
