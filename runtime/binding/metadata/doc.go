// Package metadata knows the addresses at which clouds hand out the credentials
// of a machine. No pod of a tenant may reach them: the operator's NetworkPolicies and
// the runtime's own dialer both close these.
package metadata
