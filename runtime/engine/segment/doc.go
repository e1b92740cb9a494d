// Package segment is the immutable, encoded form of a part of a search index:
// which documents it has, how they are cut into chunks, and the inverted index
// over the chunks' terms. A segment is searched as it was encoded; opening one
// checks its bytes and copies nothing, so that what it weighs in memory is what
// it weighs at rest, and zeroing those bytes leaves nothing behind.
//
// The package is pure. Who may see a document and what it is called is kept with
// it as bytes that mean nothing here.
package segment
