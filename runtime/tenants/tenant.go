package tenants

import (
	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Tenant is one tenant as a Binding describes it. It does not change; a new
// Binding makes a new Tenant, which takes over the rest while its database and
// its key stay the same.
type Tenant struct {
	binding.Binding        // with defaults in place of limits that are zero
	Revision        string // of the Binding's bytes

	Store *store.Store // of the one database that the Binding names
	Keys  *seal.Keyring
	Lane  *audit.Lane
	// Language is what Binding.Language names.
	Language language.Language
	// Models are the clients of what Binding.Models names, and kept while it stays the
	// same.
	Models Models
}

// connects reports whether the tenant has a database of its own in use.
func (t *Tenant) connects() bool { return t.Database.Dedicated() && t.State == binding.Active }

// stays reports whether a newer Binding leaves the tenant's rows and keys as
// they are. Another password or CA is but another way to the same database.
func (t *Tenant) stays(b binding.Binding) bool {
	return t.Key == b.Key && t.State == b.State && t.Incarnation == b.Incarnation &&
		t.Database.Cell == b.Database.Cell && t.Database.Host == b.Database.Host
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
