// Package replica puts one runtime process together: databases, key service,
// audit log, tenants and the two HTTP ports, and runs them until it is told to
// stop.
package replica
