// Package isolation tests on a living cluster that the tenants are kept apart:
// by packets from pods of its own, and by attempts at the API server and at
// Vault. What should happen is in package matrix, how it is told in package report.
package isolation
