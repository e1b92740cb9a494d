package corpus

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// kept are the vectors by models of the text of a source, which is cut into chunks. What
// there is none of has to be made.
func (c *Corpus) kept(ctx context.Context, r Request, source uuid.UUID, chunks []engine.Chunk) (there vectors, err error) {
	if r.Tenant.Models.Embedder == nil {
		return nil, nil
	}
	err = c.withView(ctx, r, func(v *view) (err error) {
		there, err = v.kept(source, chunks)
		return err
	})
	if errors.Is(err, ErrTooLarge) {
		return nil, nil
	}
	return there, err
}

func (v *view) kept(source uuid.UUID, chunks []engine.Chunk) (vectors, error) {
	for _, m := range v.manifest.segments {
		s := v.segments[m.lexicon]
		n, found := s.Find(source)
		if !found {
			continue
		}
		_, _, first, end := s.Document(n)
		if !cutAlike(s, first, end, chunks) {
			return nil, nil
		}
		return v.rowsOf(m, func(chunk uint32) bool { return first <= chunk && chunk < end })
	}
	return nil, nil
}

// rowsOf are copies of the vectors by models of some chunks of a segment.
func (v *view) rowsOf(m member, chosen func(chunk uint32) bool) (vectors, error) {
	made := vectors{}
	for _, of := range []struct {
		basis  *basis
		listed pinned
	}{{v.basis, m.vectors}, {v.next, m.next}} {
		if of.basis == nil || of.basis.fitted() != nil || of.listed.none() {
			continue
		}
		rows, err := vector.Join([]vector.Source{{Rows: v.vectors[of.listed], Keep: chosen}})
		if err != nil {
			return nil, err
		}
		made[of.basis.Revision()] = rows
	}
	return made, nil
}

// cutAlike reports whether chunks of a segment are cut as a text is now: another version
// may have cut it otherwise.
func cutAlike(s *segment.Segment, first, end uint32, chunks []engine.Chunk) bool {
	if int(end-first) != len(chunks) {
		return false
	}
	for i, now := range chunks {
		start, stop, heading := s.Span(first + uint32(i))
		if int(start) != now.Start || int(stop) != now.End || heading != now.Heading {
			return false
		}
	}
	return true
}
