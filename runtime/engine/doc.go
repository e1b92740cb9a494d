// Package engine is the search engine inside the runtime: it splits documents
// into chunks, indexes them, ranks them for a query and extracts an answer whose
// every word is cited.
//
// The package is pure. It does no I/O, starts no goroutine and reads no clock, so
// that what is sealed, cached or leased is decided by its callers and what is
// found depends on nothing but the documents.
package engine
