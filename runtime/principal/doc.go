// Package principal says who is meant inside a tenant: users and groups, what their
// keys may do, and whose a document is and who may read it.
package principal
