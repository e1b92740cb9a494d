package engine

import (
	"math"
	"slices"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// list goes through the postings of a term in a view, forwards.
type list struct {
	cursor segment.Cursor
	view   *view
	model  bm25
	rarity float64
	count  uint32 // of all postings

	at    int    // in the block that is decoded
	block uint32 // the first that may reach into the range that is looked at
	most  points // that a posting in that range can be worth
}

func newList(v *view, model bm25, term queryTerm) list {
	postings := v.Postings(term.text)
	return list{
		cursor: postings.Cursor(uint32(v.Chunks())), view: v, model: model, rarity: term.rarity, count: postings.Count(),
	}
}

// beyond is after every chunk.
const beyond = math.MaxUint32

// seek moves to the first posting at or after a chunk and returns its chunk, or beyond.
func (l *list) seek(chunk uint32) uint32 {
	for {
		block := l.cursor.Chunks
		if l.at < len(block) && block[len(block)-1] >= chunk {
			if block[l.at] < chunk {
				further, _ := slices.BinarySearch(block[l.at:], chunk)
				l.at += further
			}
			return block[l.at]
		}
		l.at = 0
		if !l.cursor.Seek(chunk) {
			l.cursor.Chunks = nil
			return beyond
		}
	}
}

// points are what the posting is worth that seek moved to.
func (l *list) points() points { return l.worth(l.at) }

func (l *list) worth(at int) points {
	return l.model.points(l.rarity, l.cursor.Counts[at], l.view.Length(l.cursor.Chunks[at]))
}

// addTo adds what the postings of [from, end) are worth to sums, of which the first is
// that of from.
func (l *list) addTo(sums []points, from, end uint32) {
	for chunk := l.seek(from); chunk < end; chunk = l.seek(chunk + 1) {
		block := l.cursor.Chunks
		for ; l.at < len(block) && block[l.at] < end; l.at++ {
			chunk = block[l.at]
			sums[chunk-from] += l.worth(l.at)
		}
	}
}

// bound sets the most that a posting in [from, end) can be worth, by the bounds of the
// blocks that reach into it. Ranges come in order.
func (l *list) bound(from, end uint32) {
	l.most = 0
	if decoded := l.cursor.Chunks; l.at < len(decoded) && decoded[l.at] >= end {
		return
	}
	if l.count <= segment.BlockSize { // there are no bounds
		if l.seek(from) < end {
			l.most = points(pointsPerOne * l.rarity)
		}
		return
	}
	for reaches := false; !reaches; {
		b, known := l.cursor.Bound(l.block)
		if reaches = !known || b.Last >= from; !reaches {
			l.block++
		}
	}
	last := uint32(0)
	for n := l.block; last < end-1; n++ {
		b, known := l.cursor.Bound(n)
		if !known {
			return
		}
		l.most = max(l.most, l.model.points(l.rarity, b.MaxCount, b.MinLength)+1) // one for rounding
		last = b.Last
	}
}
