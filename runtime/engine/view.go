package engine

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// view is a part and which of its documents are still there.
type view struct {
	*part
	dead   []uint64 // a bit a document; nil while all live
	count  int      // of live documents
	alive  int      // chunks of live documents
	length int64    // their words
	memory int64    // approximate bytes of the part
}

// whole is a view of all of p.
func whole(p *part) view {
	v := view{part: p, count: len(p.documents), alive: len(p.chunks), memory: p.bytes()}
	for _, length := range p.lengths {
		v.length += int64(length)
	}
	return v
}

func (v *view) isDead(document uint32) bool {
	return v.dead != nil && v.dead[document/64]&(1<<(document%64)) != 0
}

// without returns the view less the documents in ids. Its cost is that of the
// documents removed, and of copying a bit for each of the part's.
func (v view) without(ids []uuid.UUID) view {
	copied := false
	for _, id := range ids {
		document, found := v.ordinals[id]
		if !found || v.isDead(document) {
			continue
		}
		if !copied {
			v.dead = append(make([]uint64, 0, len(v.documents)/64+1), v.dead...)[:len(v.documents)/64+1]
			copied = true
		}
		v.dead[document/64] |= 1 << (document % 64)
		v.count--
		first, end := v.chunksOf(document)
		v.alive -= end - first
		for _, length := range v.lengths[first:end] {
			v.length -= int64(length)
		}
	}
	return v
}

// chunksOf finds the chunks of a document, which lie together.
func (p *part) chunksOf(document uint32) (first, end int) {
	search := func(document uint32) int {
		at, _ := slices.BinarySearchFunc(p.chunks, document, func(chunk entry, document uint32) int {
			return cmp.Compare(chunk.document, document)
		})
		return at
	}
	return search(document), search(document + 1)
}

// frequency is the number of live chunks in postings.
func (v *view) frequency(postings []posting) int {
	if v.dead == nil {
		return len(postings)
	}
	live := 0
	for _, p := range postings {
		if !v.isDead(v.chunks[p.chunk].document) {
			live++
		}
	}
	return live
}
