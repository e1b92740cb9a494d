// Package anchor keeps outside of the database which state of each tenant's index
// was the newest, so that whoever puts the whole database back to an older state,
// heads and sealed manifests included, is found out.
//
// The anchors of a cell are in one ConfigMap of its namespace, which all replicas
// read once a minute and, when they know better, write. What was committed within that minute
// before all replicas were killed is not anchored. Whoever takes a tenant's head out of
// the ConfigMap grants a restore: replicas that start afterwards accept what the database
// has, and those that run do not write back what they know, nor accept it. A ConfigMap
// that is gone as a whole is an accident, and written anew.
package anchor
