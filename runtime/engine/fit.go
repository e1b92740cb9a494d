package engine

import (
	"encoding/binary"
	"slices"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// Fit makes a basis of the live chunks. Errors: lsa.ErrTooFew.
func (x *Index) Fit(seed lsa.Seed) (*lsa.Basis, error) {
	_, total := x.Len()
	chunks := make([]fusion.Chunk, 0, total)
	for i := range x.views {
		chunks = slices.AppendSeq(chunks, x.views[i].names())
	}
	chosen := lsa.Choose(total, func(i int) []byte {
		return binary.BigEndian.AppendUint32(chunks[i].Document[:], chunks[i].Number)
	}, seed)
	slots := make([]int32, total) // in the sample, and one more: 0 for none
	for slot, i := range chosen {
		slots[i] = int32(slot) + 1
	}
	sample := make([][]lsa.Count, len(chosen))
	for i := range x.views {
		slots = x.views[i].sample(slots, sample)
	}
	return lsa.Fit(sample, total, seed)
}

// sample counts the terms of the live chunks that have a slot, and returns the
// slots of the chunks of the views after this one.
func (v *view) sample(slots []int32, sample [][]lsa.Count) []int32 {
	of := make([]int32, v.Chunks())
	for chunk := range of {
		if v.lives(uint32(chunk)) {
			of[chunk], slots = slots[0], slots[1:]
		}
	}
	var cursor segment.Cursor
	for term, postings := range v.Terms() {
		for chunk, count := range occurrences(&cursor, v.Segment, postings, 0, uint32(v.Chunks())) {
			if slot := of[chunk]; slot > 0 {
				sample[slot-1] = append(sample[slot-1], lsa.Count{Term: term, Count: count})
			}
		}
	}
	return slots
}
