// Package vector is the encoded form of the vectors of a segment's chunks: a row of
// 8-bit numbers for each, of one embedder's revision. It is searched as it was
// encoded.
//
// The package is pure.
package vector
