package engine

import (
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// Index is a snapshot of a collection of documents, ready to be searched. It never
// changes, so any number of goroutines may share it; With makes the next one.
//
// What is found does not depend on the changes by which a collection came about:
// all statistics are counted over its live chunks.
type Index struct {
	language language.Language
	views    []view
}

// NewIndex returns the index of no documents. What it comes to hold is read as l.
func NewIndex(l language.Language) *Index { return &Index{language: l} }

// With returns the index without the documents in remove and then with those in
// add, which replace documents of the same ID; of documents with one ID in add the
// last counts. Its cost is that of the change, plus now and then a merge whose
// cost, spread over the changes before it, is logarithmic in the index.
func (x *Index) With(add []Document, remove []uuid.UUID) *Index {
	add = lastOfEach(add)
	gone := slices.Clone(remove)
	for i := range add {
		gone = append(gone, add[i].ID)
	}
	next := &Index{language: x.language, views: make([]view, 0, len(x.views)+1)}
	for _, v := range x.views {
		next.views = append(next.views, v.without(gone))
	}
	if len(add) > 0 {
		next.views = append(next.views, whole(build(x.language, add)))
	}
	next.views = compact(next.views)
	return next
}

// lastOfEach returns documents less those that a later one replaces.
func lastOfEach(documents []Document) []Document {
	last := make(map[uuid.UUID]int, len(documents))
	for i := range documents {
		last[documents[i].ID] = i
	}
	if len(last) == len(documents) {
		return documents
	}
	var kept []Document
	for i := range documents {
		if last[documents[i].ID] == i {
			kept = append(kept, documents[i])
		}
	}
	return kept
}

// Len counts the documents and their chunks.
func (x *Index) Len() (documents, chunks int) {
	for i := range x.views {
		documents += x.views[i].count
		chunks += x.views[i].alive
	}
	return documents, chunks
}

// Bytes is approximately the memory that the index takes. Snapshots share most of
// theirs.
func (x *Index) Bytes() int64 {
	var total int64
	for i := range x.views {
		total += x.views[i].memory
	}
	return total
}

// words counts the words of the live chunks.
func (x *Index) words() int64 {
	var total int64
	for i := range x.views {
		total += x.views[i].length
	}
	return total
}
