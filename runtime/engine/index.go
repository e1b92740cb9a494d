package engine

import (
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// Index is a snapshot of a collection of documents, ready to be searched. It never
// changes, so any number of goroutines may share it.
//
// What is found does not depend on how the documents are divided into segments:
// all statistics are counted over the live chunks.
type Index struct {
	language language.Language
	views    []view
}

// Part is a segment of an index, and which of its documents are no longer there.
type Part struct {
	*segment.Segment
	Dead []uuid.UUID
}

// NewIndex returns the index of parts, whose text is in a language. No document
// lives in two of them. Its cost is that of the dead.
func NewIndex(l language.Language, parts []Part) *Index {
	x := &Index{language: l, views: make([]view, len(parts))}
	for i, p := range parts {
		x.views[i] = newView(p)
	}
	return x
}

// Len counts the documents and their chunks.
func (x *Index) Len() (documents, chunks int) {
	for i := range x.views {
		documents += x.views[i].documents
		chunks += x.views[i].chunks
	}
	return documents, chunks
}

// words counts the words of the live chunks.
func (x *Index) words() uint64 {
	var total uint64
	for i := range x.views {
		total += x.views[i].words
	}
	return total
}
