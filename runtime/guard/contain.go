package guard

import (
	"errors"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// Why a tenant with a valid key is refused.
var (
	ErrRetained    = errors.New("the tenant was deleted, its data is kept")
	ErrReadOnly    = errors.New("the tenant is read-only")
	ErrSuspended   = errors.New("the tenant is suspended")
	ErrQuarantined = errors.New("the tenant is quarantined")
)

// Contain refuses what the tenant's state and containment do not allow.
func Contain(t *tenants.Tenant, changes bool) error {
	switch {
	case t.State != binding.Active:
		return ErrRetained
	case t.Containment == binding.Suspended:
		return ErrSuspended
	case t.Containment == binding.Quarantined:
		return ErrQuarantined
	case t.Containment == binding.ReadOnly && changes:
		return ErrReadOnly
	}
	return nil
}
