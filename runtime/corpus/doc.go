// Package corpus is a tenant's documents: sealed in the store, and in memory
// as a search index that follows the store by generation and goes when the
// tenant's keys go. Every function takes an audited access that has begun.
package corpus
