package corpus

import (
	"fmt"
	"slices"

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

// sealSegment seals an encoded segment, without vectors.
func sealSegment(keys *seal.Keyring, encoded []byte) (sealed, error) {
	opened, err := segment.Open(encoded)
	if err != nil {
		return sealed{}, err
	}
	s := sealed{member: member{documents: uint32(opened.Documents()), chunks: uint32(opened.Chunks())}}
	err = s.add(keys, seal.Lexicon, encoded, &s.lexicon)
	return s, err
}

func (s *sealed) add(keys *seal.Keyring, kind seal.Kind, plain []byte, as *pinned) error {
	object, listed, err := sealPinned(keys, kind, plain)
	s.objects, *as = append(s.objects, object), listed
	return err
}

// addVectors seals vectors of a basis, behind its revision.
func (s *sealed) addVectors(keys *seal.Keyring, b *basis, rows []byte, as *pinned) error {
	revision := b.Revision()
	plain := slices.Concat(revision[:], rows)
	defer clear(plain)
	return s.add(keys, seal.Vectors, plain, as)
}

// openSegment opens the segment that a manifest lists, out of its object's blocks, and
// returns the memory that it reads. Errors: seal.ErrCorrupt, those of the keys.
func openSegment(keys *seal.Keyring, m member, blocks map[store.BlockRef][]byte) (*segment.Segment, *memory, error) {
	plain, err := m.lexicon.open(keys, seal.Lexicon, blocks)
	if err != nil {
		return nil, nil, err
	}
	memory := newMemory(plain)
	opened, err := segment.Open(plain)
	if err != nil || opened.Documents() != int(m.documents) || opened.Chunks() != int(m.chunks) {
		memory.zero()
		return nil, nil, fmt.Errorf("segment %s: %w: %w", m.lexicon.object, seal.ErrCorrupt, err)
	}
	return opened, memory, nil
}

// openVectors opens the vectors of so many chunks, which must be of the basis, and
// returns the memory that they are in. Errors: seal.ErrCorrupt, those of the keys.
func openVectors(keys *seal.Keyring, listed pinned, chunks uint32, b *basis, blocks map[store.BlockRef][]byte) (*vector.Rows, *memory, error) {
	plain, err := listed.open(keys, seal.Vectors, blocks)
	if err != nil {
		return nil, nil, err
	}
	memory, revision := newMemory(plain), b.Revision()
	if len(plain) < len(revision) || string(plain[:len(revision)]) != string(revision[:]) {
		memory.zero()
		return nil, nil, fmt.Errorf("vectors %s: %w: they are of another basis", listed.object, seal.ErrCorrupt)
	}
	rows, err := vector.Open(plain[len(revision):])
	if err != nil || rows.Len() != int(chunks) || rows.Dimensions() != b.Dimensions() {
		memory.zero()
		return nil, nil, fmt.Errorf("vectors %s: %w: %w", listed.object, seal.ErrCorrupt, err)
	}
	return rows, memory, nil
}
