package engine

import (
	"iter"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
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
	// Vectors are those of the segment's chunks: of all parts, by one embedder, or of
	// none.
	Vectors *vector.Rows
	Dead    []uuid.UUID
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

// Restrict returns the index of those documents only whose attributes are visible.
// Its cost is a look at each document.
func (x *Index) Restrict(visible func(attributes []byte) bool) *Index {
	restricted := &Index{language: x.language, views: make([]view, len(x.views))}
	for i := range x.views {
		restricted.views[i] = x.views[i].restrict(visible)
	}
	return restricted
}

// Documents yields the attributes of the live documents.
func (x *Index) Documents() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range x.views {
			for n := range uint32(x.views[i].Documents()) {
				if _, attributes, _, _ := x.views[i].Document(n); !x.views[i].dead.has(n) && !yield(attributes) {
					return
				}
			}
		}
	}
}

// length counts the words of the live chunks.
func (x *Index) length() uint64 {
	var total uint64
	for i := range x.views {
		total += x.views[i].words
	}
	return total
}

// place is where a chunk is, as the index is divided.
type place struct {
	view  int
	chunk uint32
}

// find returns the place of a chunk and which document of the view has it; found is
// false when it is not live.
func (x *Index) find(chunk fusion.Chunk) (at place, document uint32, found bool) {
	for i := range x.views {
		n, has := x.views[i].Find(chunk.Document)
		if has && !x.views[i].dead.has(n) {
			_, _, first, _ := x.views[i].Document(n)
			return place{i, first + chunk.Number}, n, true
		}
	}
	return place{}, 0, false
}
