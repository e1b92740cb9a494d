package corpus

import (
	"fmt"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// sealed is a member of the index that is not listed yet, with its objects.
type sealed struct {
	member
	objects []seal.Object
}

// sealSegment seals an encoded segment and, if there is a basis, its chunks'
// vectors.
func sealSegment(keys *seal.Keyring, encoded []byte, b *basis) (sealed, error) {
	opened, err := segment.Open(encoded)
	if err != nil {
		return sealed{}, err
	}
	s := sealed{member: member{documents: uint32(opened.Documents()), chunks: uint32(opened.Chunks())}}
	if err := s.add(keys, seal.Lexicon, encoded, &s.lexicon); err != nil || b == nil {
		return s, err
	}
	rows, unseen, err := engine.Embed(opened, b.Basis)
	if err != nil {
		return s, err
	}
	err = s.addVectors(keys, b, rows, unseen)
	return s, err
}

func (s *sealed) add(keys *seal.Keyring, kind seal.Kind, plain []byte, as *pinned) error {
	object, listed, err := sealPinned(keys, kind, plain)
	s.objects, *as = append(s.objects, object), listed
	return err
}

func (s *sealed) addVectors(keys *seal.Keyring, b *basis, rows []byte, unseen float64) error {
	s.unseen = float32(unseen)
	revision := b.Revision()
	return s.add(keys, seal.Vectors, append(revision[:], rows...), &s.vectors)
}

// openSegment opens the segment that a manifest lists, out of its object's blocks.
// Errors: seal.ErrCorrupt, those of the keys.
func openSegment(keys *seal.Keyring, m member, blocks map[store.BlockRef][]byte) (*segment.Segment, error) {
	plain, err := m.lexicon.open(keys, seal.Lexicon, blocks)
	if err != nil {
		return nil, err
	}
	opened, err := segment.Open(plain)
	if err != nil || opened.Documents() != int(m.documents) || opened.Chunks() != int(m.chunks) {
		return nil, fmt.Errorf("segment %s: %w: %w", m.lexicon.object, seal.ErrCorrupt, err)
	}
	return opened, nil
}

// openVectors opens the vectors of a segment, which must be of the basis. Errors:
// seal.ErrCorrupt, those of the keys.
func openVectors(keys *seal.Keyring, m member, b *basis, blocks map[store.BlockRef][]byte) (*vector.Rows, error) {
	plain, err := m.vectors.open(keys, seal.Vectors, blocks)
	if err != nil {
		return nil, err
	}
	revision := b.Revision()
	if len(plain) < len(revision) || string(plain[:len(revision)]) != string(revision[:]) {
		return nil, fmt.Errorf("vectors %s: %w: they are of another basis", m.vectors.object, seal.ErrCorrupt)
	}
	rows, err := vector.Open(plain[len(revision):])
	if err != nil || rows.Len() != int(m.chunks) || rows.Dimensions() != b.Dimensions() {
		return nil, fmt.Errorf("vectors %s: %w: %w", m.vectors.object, seal.ErrCorrupt, err)
	}
	return rows, nil
}
