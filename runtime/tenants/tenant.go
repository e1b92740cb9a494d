package tenants

import (
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// Tenant is one tenant as a Binding describes it. It does not change; a new
// Binding makes a new Tenant, which takes over the keys.
type Tenant struct {
	binding.Binding        // with defaults in place of limits that are zero
	Revision        string // of the Binding's bytes
	Keys            *seal.Keyring
}

// defaults stand in for limits that a Binding leaves to the runtime.
var defaults = binding.Limits{
	Documents:         10_000,
	StorageBytes:      1 << 30,
	DocumentBytes:     10 << 20,
	RequestsPerMinute: 600,
	ConcurrentIngests: 4,
}

func withDefaults(l binding.Limits) binding.Limits {
	return binding.Limits{
		Documents:         orDefault(l.Documents, defaults.Documents),
		StorageBytes:      orDefault(l.StorageBytes, defaults.StorageBytes),
		DocumentBytes:     orDefault(l.DocumentBytes, defaults.DocumentBytes),
		RequestsPerMinute: orDefault(l.RequestsPerMinute, defaults.RequestsPerMinute),
		ConcurrentIngests: orDefault(l.ConcurrentIngests, defaults.ConcurrentIngests),
	}
}

func orDefault[N int32 | int64](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}
