// Package store is the runtime's PostgreSQL: the schema with its row-level
// security, the proof at start that the database enforces it, and the doors,
// which are the only ways to a connection. WithTenant is the door for writes.
// Admit is the door for reads: it commits audit events and returns the
// Admission without which Read gives no rows.
package store
