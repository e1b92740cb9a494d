package corpus

import (
	"fmt"
	"slices"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
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

// openSegment opens what is sealed of a segment that a manifest lists, and returns the
// memory that it reads. Errors: seal.ErrCorrupt.
func openSegment(m member, plain []byte) (*segment.Segment, *memory, error) {
	memory := newMemory(plain)
	opened, err := segment.Open(plain)
	if err != nil || opened.Documents() != int(m.documents) || opened.Chunks() != int(m.chunks) {
		memory.zero()
		return nil, nil, fmt.Errorf("segment: %w: %w", seal.ErrCorrupt, err)
	}
	return opened, memory, nil
}

// openVectors opens what is sealed of the vectors of so many chunks, which must be of the
// basis, and returns the memory that they are in. Errors: seal.ErrCorrupt.
func openVectors(chunks uint32, b *basis, plain []byte) (*vector.Rows, *memory, error) {
	memory, revision := newMemory(plain), b.Revision()
	if len(plain) < len(revision) || string(plain[:len(revision)]) != string(revision[:]) {
		memory.zero()
		return nil, nil, fmt.Errorf("vectors: %w: they are of another basis", seal.ErrCorrupt)
	}
	rows, err := vector.Open(plain[len(revision):])
	if err != nil || rows.Len() != int(chunks) || rows.Dimensions() != b.Dimensions() {
		memory.zero()
		return nil, nil, fmt.Errorf("vectors: %w: %w", seal.ErrCorrupt, err)
	}
	return rows, memory, nil
}
