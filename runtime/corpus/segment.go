package corpus

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// sealSegment seals an encoded segment and describes it for the manifest.
func sealSegment(keys *seal.Keyring, encoded []byte) (seal.Object, member, error) {
	opened, err := segment.Open(encoded)
	if err != nil {
		return seal.Object{}, member{}, err
	}
	object, err := keys.SealObject(seal.Lexicon, encoded, seal.MaxBlock)
	if err != nil {
		return seal.Object{}, member{}, err
	}
	return object, member{
		object: object.ID, header: sha256.Sum256(object.Parts[0]),
		documents: uint32(opened.Documents()), bytes: uint32(len(encoded)),
	}, nil
}

// openSegment opens the segment that a manifest lists, out of its object's blocks.
// Errors: seal.ErrCorrupt, those of the keys.
func openSegment(keys *seal.Keyring, m member, blocks map[store.BlockRef][]byte) (*segment.Segment, error) {
	header := blocks[store.BlockRef{Object: m.object}]
	if sha256.Sum256(header) != m.header {
		return nil, fmt.Errorf("segment %s: %w: it is not the one that the manifest lists", m.object, seal.ErrCorrupt)
	}
	opener, plain, err := whole(keys, m.object, seal.Lexicon, blocks)
	if errors.Is(err, ErrChanged) { // the snapshot that lists it has all of it
		err = fmt.Errorf("%w: a block is missing", seal.ErrCorrupt)
	}
	if err != nil {
		return nil, fmt.Errorf("segment %s: %w", m.object, err)
	}
	if opener.Len() != int64(m.bytes) {
		return nil, fmt.Errorf("segment %s: %w: its length", m.object, seal.ErrCorrupt)
	}
	opened, err := segment.Open(plain)
	if err != nil || opened.Documents() != int(m.documents) {
		return nil, fmt.Errorf("segment %s: %w: %w", m.object, seal.ErrCorrupt, err)
	}
	return opened, nil
}

// addObjects stores sealed objects.
func addObjects(ctx context.Context, tx *store.Tx, objects ...seal.Object) error {
	for _, o := range objects {
		if err := tx.AddObject(ctx, o.ID, o.Kind.String(), o.Parts); err != nil {
			return err
		}
	}
	return nil
}

// whole opens all blocks of an object.
func whole(keys *seal.Keyring, id uuid.UUID, kind seal.Kind, blocks map[store.BlockRef][]byte) (*seal.Opener, []byte, error) {
	opener, err := keys.OpenObject(id, kind, blocks[store.BlockRef{Object: id}])
	if err != nil {
		return nil, nil, err
	}
	plain, err := cut(opener, blocks, 0, opener.Len())
	return opener, plain, err
}
