package engine

import (
	"iter"
	mathbits "math/bits"
	"slices"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// view is a segment and which of its documents are still there.
type view struct {
	*segment.Segment
	vectors *vector.Rows
	dead    bits // nil while all live

	documents, chunks int    // that live
	words             uint64 // of the live chunks
}

func newView(p Part) view {
	v := view{Segment: p.Segment, vectors: p.Vectors, documents: p.Documents(), chunks: p.Chunks(), words: p.Words()}
	for _, id := range p.Dead {
		if n, found := v.Find(id); found {
			v.bury(n)
		}
	}
	return v
}

// restrict is the view of the live documents whose attributes are visible.
func (v view) restrict(visible func(attributes []byte) bool) view {
	v.dead = slices.Clone(v.dead)
	for n := range uint32(v.Documents()) {
		if _, attributes, _, _ := v.Document(n); !v.dead.has(n) && !visible(attributes) {
			v.bury(n)
		}
	}
	return v
}

// bury leaves a document out.
func (v *view) bury(n uint32) {
	if v.dead.has(n) {
		return
	}
	if v.dead == nil {
		v.dead = newBits(v.Documents())
	}
	v.dead.set(n)
	_, _, first, end := v.Document(n)
	v.documents--
	v.chunks -= int(end - first)
	for chunk := first; chunk < end; chunk++ {
		v.words -= uint64(v.Length(chunk))
	}
}

// lives reports whether a chunk's document is still there.
func (v *view) lives(chunk uint32) bool { return v.dead == nil || !v.dead.has(v.DocumentOf(chunk)) }

// name names a chunk however the index is divided.
func (v *view) name(chunk uint32) fusion.Chunk {
	id, _, first, _ := v.Document(v.DocumentOf(chunk))
	return fusion.Chunk{Document: id, Number: chunk - first}
}

// names yields the live chunks in order.
func (v *view) names() iter.Seq[fusion.Chunk] {
	return func(yield func(fusion.Chunk) bool) {
		for chunk := range uint32(v.Chunks()) {
			if v.lives(chunk) && !yield(v.name(chunk)) {
				return
			}
		}
	}
}

// frequency is the number of live chunks in which a term occurs.
func (v *view) frequency(term string) int {
	list := newList(v, bm25{}, queryTerm{text: term})
	live := int(list.count)
	for n := range v.dead.all() {
		_, _, first, end := v.Document(n)
		for chunk := list.seek(first); chunk < end; chunk = list.seek(chunk + 1) {
			live--
		}
	}
	return live
}

// bits is a set of numbers.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) has(n uint32) bool { return b != nil && b[n/64]&(1<<(n%64)) != 0 }

func (b bits) set(n uint32) { b[n/64] |= 1 << (n % 64) }

// all yields the numbers in order.
func (b bits) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, word := range b {
			for ; word != 0; word &= word - 1 {
				if !yield(uint32(64*i + mathbits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}
