// Package filter chooses documents by the attributes that their tenant gave them:
// a tree of comparisons as OpenAI's vector stores have it, read out of JSON within
// bounds and evaluated over a compact encoding without allocating.
//
// An attribute that a document does not have, or has with a value of another kind
// than the filter's, equals nothing: eq, gt, gte, lt, lte and in do not match it, ne
// and nin do. Numbers are compared as 64-bit floating point, texts by their bytes.
//
// The package is pure.
package filter
