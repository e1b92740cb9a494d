package engine

import (
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// invert visits how often each of the chunks [first, end) has which terms, term by
// term in their order.
func invert(s *segment.Segment, first, end uint32, visit func(chunk uint32, c lsa.Count)) {
	var cursor segment.Cursor
	for term, postings := range s.Terms() {
		for cursor.Begin(postings, uint32(s.Chunks())); cursor.Seek(first) && cursor.Chunks[0] < end; {
			for i, chunk := range cursor.Chunks {
				if first <= chunk && chunk < end {
					visit(chunk, lsa.Count{Term: term, Count: cursor.Counts[i]})
				}
			}
		}
	}
}
