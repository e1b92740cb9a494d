package corpus

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// pinned names a sealed object as the manifest lists it. The zero one is none.
type pinned struct {
	object uuid.UUID
	header hash   // of the object's header: no other object takes its place
	bytes  uint32 // of what is sealed
}

type hash = [sha256.Size]byte

const pinnedBytes = idBytes + sha256.Size + 4

func (p pinned) none() bool { return p.object == uuid.Nil }

func (p pinned) appendTo(out []byte) []byte {
	out = append(out, p.object[:]...)
	out = append(out, p.header[:]...)
	return binary.BigEndian.AppendUint32(out, p.bytes)
}

// readPinned reads what appendTo wrote, from at least pinnedBytes, and returns what
// follows.
func readPinned(in []byte) (p pinned, rest []byte) {
	copy(p.object[:], in)
	copy(p.header[:], in[idBytes:])
	p.bytes = binary.BigEndian.Uint32(in[idBytes+sha256.Size:])
	return p, in[pinnedBytes:]
}

// partBlock is the size of the blocks of a part, in bytes: the database reads one while
// another is on its way and a third is opened.
const partBlock = 256 << 10

// sealPinned seals a part of the index.
func sealPinned(keys *seal.Keyring, kind seal.Kind, plain []byte) (seal.Object, pinned, error) {
	object, err := keys.SealObject(kind, plain, partBlock)
	if err != nil {
		return seal.Object{}, pinned{}, err
	}
	return object, pinned{object: object.ID, header: sha256.Sum256(object.Parts[0]), bytes: uint32(len(plain))}, nil
}

// addObjects stores sealed objects.
func addObjects(tx *store.Tx, objects ...seal.Object) {
	for _, o := range objects {
		tx.AddObject(o.ID, o.Kind.String(), o.Parts)
	}
}

// whole opens all blocks of an object.
func whole(keys *seal.Keyring, id uuid.UUID, kind seal.Kind, blocks map[store.BlockRef][]byte) ([]byte, error) {
	opener, err := keys.OpenObject(id, kind, blocks[store.BlockRef{Object: id}])
	if err != nil {
		return nil, err
	}
	return cut(opener, blocks, 0, opener.Len())
}
