// Package answering answers a question out of passages of a tenant's documents: in
// their own words, or in those of a chat model. An answer is passed on as it comes to
// be, so that all routes can stream it.
package answering
