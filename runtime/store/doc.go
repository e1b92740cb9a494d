// Package store is the runtime's PostgreSQL: the schema with its row-level
// security, the proof that a database enforces it, without which a Store opens
// no door, and the doors, which are the only ways to a connection. WithTenant is
// the door for writes. Admit is the door for reads: it commits audit events and
// returns the Admission without which there are no rows to read.
package store
