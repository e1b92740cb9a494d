// Package ingest makes documents of the files that tenants send.
package ingest
