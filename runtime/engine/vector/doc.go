// Package vector is the encoded form of the vectors of a segment's chunks, of one
// embedder's revision. It is searched as it was encoded; nothing is computed when it
// is opened.
//
// A vector is rotated, which changes no dot product and spreads what it says evenly
// over its dimensions, and kept three times over, each time more exactly: the signs of
// its values, 8 bits of each, and 4 more bits of each. Up to 100,000 rows are scanned
// by the 8 bits; of more, the signs choose those that are worth it. What is close
// enough to count is scored by all 12 bits, so that a score is the same however the
// row was found.
//
// The package is pure.
package vector
