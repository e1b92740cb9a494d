// Package ingest makes documents of the files that tenants send: at once, or out of
// the queue in the database, whose jobs outlive the process that works on them. The
// other kinds of job there are to purge what is left of deleted documents, and to make
// the vectors of all documents by the tenant's embedding model.
//
// A Queue claims jobs, a tenant's at a time and the tenants in turn, and renews their
// leases while it works. Whoever's lease ends, because its process died or hangs, has
// lost the job to the next that claims it; since a document is written in the
// transaction that removes its job, it is written once.
package ingest
