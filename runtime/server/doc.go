// Package server is the runtime's HTTP API. Every route stands in one table
// that says how it is audited and whether it changes anything; what they have
// in common is done around them, in the order of Server.serve.
package server
