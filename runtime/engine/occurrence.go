package engine

import (
	"iter"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// occurrences yields those of the chunks [first, end) of a segment that postings of it
// have, and how often. A cursor serves for any number of postings.
func occurrences(c *segment.Cursor, of *segment.Segment, postings segment.Postings, first, end uint32) iter.Seq2[uint32, uint32] {
	return func(yield func(chunk, count uint32) bool) {
		for c.Begin(postings, uint32(of.Chunks())); c.Seek(first) && c.Chunks[0] < end; {
			for i, chunk := range c.Chunks {
				if first <= chunk && chunk < end && !yield(chunk, c.Counts[i]) {
					return
				}
			}
		}
	}
}
