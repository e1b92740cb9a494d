package corpus

import (
	"fmt"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// addition is what an upload adds to the index: a segment, and its vectors in the spaces
// that there are.
type addition struct {
	encoded       []byte
	segment       *segment.Segment
	vectors, next []byte // nil without such a space
	unseen        float64
}

// joinAdditions makes one of several, whose documents differ and whose vectors are of the
// same spaces.
func joinAdditions(all []addition) (joined addition, err error) {
	if len(all) == 1 {
		return all[0], nil
	}
	var sources []segment.Source
	for _, a := range all {
		sources = append(sources, segment.Source{Segment: a.segment, Live: func(uint32) bool { return true }})
		joined.unseen += a.unseen
	}
	if joined.encoded, err = segment.Merge(sources); err != nil {
		return joined, err
	}
	if joined.segment, err = segment.Open(joined.encoded); err != nil {
		return joined, err
	}
	if joined.vectors, err = joinRows(all, func(a addition) []byte { return a.vectors }); err != nil {
		return joined, err
	}
	joined.next, err = joinRows(all, func(a addition) []byte { return a.next })
	return joined, err
}

// joinRows joins the vectors of one space, nil without one.
func joinRows(all []addition, of func(addition) []byte) ([]byte, error) {
	if of(all[0]) == nil {
		return nil, nil
	}
	var sources []vector.Source
	for _, a := range all {
		rows, err := vector.Open(of(a))
		if err != nil {
			return nil, fmt.Errorf("vectors of an upload: %w", err)
		}
		sources = append(sources, vector.Source{Rows: rows})
	}
	return vector.Join(sources)
}

// seal makes a member of the index of an addition with vectors in these spaces.
func (a addition) seal(keys *seal.Keyring, in spaces) (sealed, error) {
	s, err := sealSegment(keys, a.encoded)
	if err != nil {
		return s, err
	}
	s.unseen = float32(a.unseen)
	if in.basis != nil {
		if err := s.addVectors(keys, in.basis, a.vectors, &s.vectors); err != nil {
			return s, err
		}
	}
	if in.next != nil {
		err = s.addVectors(keys, in.next, a.next, &s.next)
	}
	return s, err
}
