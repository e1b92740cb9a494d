// Package outgoing is how a tenant's requests leave for services of other people,
// such as model endpoints: to the origins that the tenant may use and to nowhere
// else. NetworkPolicies bound what a pod reaches; this package bounds what one
// tenant of a shared pod makes it reach.
//
// What a name means is judged when a connection is made, on the very address that
// is dialled, so a name that changes its meaning between a check and its use gains
// nothing. Redirects are answers like any other and are not followed. No error
// names an address, a URL or anything that was sent.
package outgoing
