package corpus

import (
	"fmt"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// part is what an upload adds to the index: a segment, and its vectors in the spaces
// that there are.
type part struct {
	encoded       []byte
	segment       *segment.Segment
	vectors, next []byte
	unseen        float64
}

// chunks is how many there are.
func (p part) chunks() int { return p.segment.Chunks() }

// joinParts makes one part of several, whose documents differ and whose vectors are of
// the same spaces.
func joinParts(parts []part) (part, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	var joined part
	var sources []segment.Source
	for _, p := range parts {
		sources = append(sources, segment.Source{Segment: p.segment, Live: func(uint32) bool { return true }})
		joined.unseen += p.unseen
	}
	var err error
	if joined.encoded, err = segment.Merge(sources); err != nil {
		return part{}, err
	}
	if joined.segment, err = segment.Open(joined.encoded); err != nil {
		return part{}, err
	}
	if joined.vectors, err = joinRows(parts, func(p part) []byte { return p.vectors }); err != nil {
		return part{}, err
	}
	joined.next, err = joinRows(parts, func(p part) []byte { return p.next })
	return joined, err
}

// joinRows joins the vectors of parts in one space, nil without one.
func joinRows(parts []part, of func(part) []byte) ([]byte, error) {
	if of(parts[0]) == nil {
		return nil, nil
	}
	var all []vector.Source
	for _, p := range parts {
		rows, err := vector.Open(of(p))
		if err != nil {
			return nil, fmt.Errorf("vectors of an upload: %w", err)
		}
		all = append(all, vector.Source{Rows: rows})
	}
	return vector.Join(all)
}

// seal makes a member of the index of a part whose vectors are in these spaces.
func (p part) seal(keys *seal.Keyring, in spaces) (sealed, error) {
	s, _, err := sealSegment(keys, p.encoded)
	if err != nil {
		return s, err
	}
	s.unseen = float32(p.unseen)
	if in.basis != nil {
		if err := s.addVectors(keys, in.basis, p.vectors, &s.vectors); err != nil {
			return s, err
		}
	}
	if in.next != nil {
		err = s.addVectors(keys, in.next, p.next, &s.next)
	}
	return s, err
}
