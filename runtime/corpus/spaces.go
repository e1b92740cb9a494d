package corpus

import (
	"context"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// spaces are those in which the chunks get vectors of what comes to an index: of its
// basis, if such can be made, and of the one that is to take its place.
type spaces struct {
	basis, next *basis // nil: none
	// was is how the manifest listed the two when these were chosen.
	was pins
	// object holds next when no manifest lists it yet.
	object seal.Object
}

// pins are how a manifest lists its basis and the next one.
type pins struct{ basis, next pinned }

func (m *manifest) pins() pins { return pins{m.basis, m.next} }

// analysis is how a document is analysed that comes to the index: its language and its
// spaces, which are read unless they are there already.
func (r Request) analysis(ctx context.Context, rows *store.Rows, there *view) (language.Language, spaces, error) {
	head, err := rows.Head(ctx)
	if err != nil {
		return 0, spaces{}, err
	}
	listed, err := openManifest(r.keys(), head)
	if err != nil {
		return 0, spaces{}, err
	}
	s := spaces{was: listed.pins()}
	if s.basis, err = fetchBasis(ctx, rows, r.keys(), listed.basis, there.basis, there.next); err != nil {
		return 0, s, err
	}
	if s.next, err = fetchBasis(ctx, rows, r.keys(), listed.next, there.basis, there.next); err != nil {
		return 0, s, err
	}
	l := listed.language
	if len(listed.segments) == 0 {
		l = r.Tenant.Language
	}
	err = s.choose(r)
	return l, s, err
}

// alike reports whether the spaces are the same, chosen by the same manifest.
func (s *spaces) alike(other spaces) bool {
	return s.was == other.was && s.basis.pin() == other.basis.pin() && s.next.pin() == other.next.pin()
}

// choose leaves out what no vectors can be made of any more, since the tenant has
// another model or none, and has its model come next unless the basis is its.
func (s *spaces) choose(r Request) (err error) {
	wanted := r.Tenant.Models.Embedder
	if wanted == nil {
		s.next = nil
		if s.basis.fitted() == nil {
			s.basis = nil
		}
		return nil
	}
	of := spaceOf(wanted)
	switch {
	case s.basis.is(of):
		s.next = nil
		return nil
	case s.basis.fitted() == nil:
		s.basis = nil
	}
	if !s.next.is(of) {
		s.next = &basis{space: of}
		s.object, s.next.pinned, err = sealPinned(r.keys(), seal.Vectors, of.Encode())
	}
	return err
}

// adopt has the manifest list spaces, and drops the vectors of those that it listed
// before. Errors: errRaced, when it lists others than they were chosen by.
func (e *edition) adopt(tx *store.Tx, s spaces) error {
	m := &e.manifest
	if m.pins() != s.was {
		return errRaced
	}
	var gone []uuid.UUID
	if m.basis != s.basis.pin() {
		gone = append(gone, m.embedding()...)
		m.setBasis(s.basis.pin())
	}
	if m.next != s.next.pin() {
		gone = append(gone, m.nextEmbedding()...)
		m.setNext(s.next.pin())
	}
	tx.RemoveObjects(gone...)
	if s.object.ID != uuid.Nil {
		addObjects(tx, s.object)
	}
	return nil
}

// setBasis lists a basis of which no segment has vectors.
func (m *manifest) setBasis(b pinned) {
	m.basis = b
	m.eachMember(func(s *member) { s.vectors, s.unseen = pinned{}, 0 })
}

// setNext lists a next basis of which no segment has vectors.
func (m *manifest) setNext(b pinned) {
	m.next = b
	m.eachMember(func(s *member) { s.next = pinned{} })
}

// eachMember changes all segments of a manifest that others may share.
func (m *manifest) eachMember(change func(*member)) {
	m.segments = append([]member(nil), m.segments...)
	for i := range m.segments {
		change(&m.segments[i])
	}
}

// promote puts the next basis in the place of the basis once all segments have vectors
// of it.
func (e *edition) promote(tx *store.Tx) {
	m := &e.manifest
	if m.next.none() || m.lacking() > 0 {
		return
	}
	gone := m.embedding()
	m.basis, m.next = m.next, pinned{}
	m.eachMember(func(s *member) { s.vectors, s.next, s.unseen = s.next, pinned{}, 0 })
	tx.RemoveObjects(gone...)
}

// lacking counts the chunks of the segments that have no vectors of the next basis.
func (m *manifest) lacking() (chunks int) {
	for _, s := range m.segments {
		if s.next.none() {
			chunks += max(1, int(s.chunks)) // also of one whose text has no chunk
		}
	}
	return chunks
}
