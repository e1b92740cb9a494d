// Package peer measures the query engine beside PostgreSQL's full text search and
// pgvector: the same documents, vectors and questions, engine against engine, without
// HTTP and audit on either side.
package peer
