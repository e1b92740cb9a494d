package tenants

import (
	"errors"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// errNoDatabase: a Binding names the database of a cell that has none.
var errNoDatabase = errors.New("database.cell: this cell has no database, name one of the tenant's own")

// Databases are those that tenants' rows can be in.
type Databases struct {
	Cell      *store.Store // nil: the cell has none
	Dedicated store.Config // of every tenant's own: port and pools; the Binding has the rest
}

// store is where the rows of a tenant are whose Binding names the database. A
// dedicated one is not connected yet, and is the caller's to close.
func (d Databases) store(named binding.Database) (*store.Store, error) {
	switch {
	case named.Dedicated():
		c := d.Dedicated
		c.TenantShare = c.AppConns // all
		return store.New(c), nil
	case d.Cell == nil:
		return nil, errNoDatabase
	}
	return d.Cell, nil
}

// login is how to connect to a dedicated database.
func (d Databases) login(named binding.Database) store.Config {
	c := d.Dedicated
	c.Host, c.Plain = named.Host, false
	c.CA = store.Secret{Text: named.CAPEM}
	c.AppPassword, c.LanePassword = store.Secret{Text: named.AppPassword}, store.Secret{Text: named.LanePassword}
	return c
}
