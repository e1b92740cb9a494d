// Package fusion makes one ranking of two: of the words that a chunk has (BM25) and of
// its place among an embedder's vectors.
//
// It is pure, and the ranking does not depend on the order in which chunks are given or
// on how they were divided: each leg's best are merged with Top, those of either leg are
// scored exactly in both, and Rank scales the scores once, over all of them.
package fusion
