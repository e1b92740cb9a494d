// Package speed measures the query engine itself, without HTTP and audit: large indexes,
// and beside PostgreSQL's full text search and pgvector with the same documents, vectors
// and questions.
package speed
