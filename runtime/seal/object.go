package seal

import (
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
)

// MaxBlock is the largest plain length of a block.
const MaxBlock = 1 << 20

const objectInfo = "bulkhead/seg/v1"

// Object is a sealed object as it is stored: Parts[0] is the encoded header,
// the sealed blocks follow. Each block is nonce 12 || AES-256-GCM.
type Object struct {
	ID    uuid.UUID
	Kind  Kind
	Parts [][]byte
}

// SealObject seals plain as an object with a fresh id, in blocks of the given
// plain size, at most MaxBlock. Errors: too many blocks, or the key's state.
func (k *Keyring) SealObject(kind Kind, plain []byte, blockSize int) (Object, error) {
	blocks := split(plain, blockSize)
	head := Header{Tenant: k.tenant, Object: uuid.New(), Kind: kind}
	for _, b := range blocks {
		head.Blocks = append(head.Blocks, BlockInfo{Type: blockData, Plain: uint32(len(b)), Sealed: uint32(len(b) + nonceBytes + tagBytes)})
	}
	var aead cipher.AEAD
	err := k.withCurrent(Data, func(id uuid.UUID, dek []byte) (err error) {
		head.DEK = id
		aead, err = head.aead(dek)
		return err
	})
	if err != nil {
		return Object{}, err
	}
	encoded, err := head.encode()
	if err != nil {
		return Object{}, err
	}
	sealed, sum := Object{ID: head.Object, Kind: kind, Parts: [][]byte{encoded}}, sha256.Sum256(encoded)
	for i, b := range blocks {
		out := make([]byte, 0, len(b)+nonceBytes+tagBytes)
		sealed.Parts = append(sealed.Parts, sealBytes(aead, out, b, head.associated(sum, i)))
	}
	return sealed, k.Check() // the keys were not held meanwhile
}

// Opener opens the blocks of one object, in any order.
type Opener struct {
	Header
	sum  [sha256.Size]byte // of the encoded header
	keys *Keyring
}

// OpenObject reads the header of an object that must have this id and kind and
// be this tenant's. Nothing is decrypted yet. Errors: ErrCorrupt.
func (k *Keyring) OpenObject(id uuid.UUID, kind Kind, encoded []byte) (*Opener, error) {
	head, err := DecodeHeader(encoded)
	if err != nil {
		return nil, err
	}
	if head.Tenant != k.tenant || head.Object != id || head.Kind != kind {
		return nil, fmt.Errorf("%w: the header is of another object", ErrCorrupt)
	}
	return &Opener{Header: head, sum: sha256.Sum256(encoded), keys: k}, nil
}

// Append opens block i and appends it to dst. Errors: ErrCorrupt, or the key's state.
func (o *Opener) Append(dst []byte, i int, sealed []byte) (plain []byte, err error) {
	if i < 0 || i >= len(o.Blocks) || len(sealed) != int(o.Blocks[i].Sealed) {
		return nil, fmt.Errorf("%w: block %d is missing or has another length", ErrCorrupt, i)
	}
	err = o.keys.with(o.DEK, func(dek []byte) error {
		aead, err := o.aead(dek)
		if err != nil {
			return err
		}
		plain, err = openBytes(aead, dst, sealed, o.associated(o.sum, i))
		return err
	})
	return plain, err
}

// aead is the object's own: the key is derived with its id as the salt.
func (h Header) aead(dek []byte) (cipher.AEAD, error) {
	return derive(dek, h.Object[:], objectInfo+string(Bind(h.Tenant[:]))+h.Kind.String())
}

// associated binds block i to the hash of the encoded header, to its place and to
// being the last or not, so that blocks can not be moved, swapped or cut off.
func (h Header) associated(sum [sha256.Size]byte, i int) []byte {
	out := append(sum[:], Bind([]byte("blob"), []byte("ct"))...)
	out = binary.BigEndian.AppendUint32(out, uint32(i))
	out = append(out, h.Blocks[i].Type)
	if i == len(h.Blocks)-1 {
		return append(out, 1)
	}
	return append(out, 0)
}

func split(plain []byte, size int) [][]byte {
	size = min(max(size, 1), MaxBlock)
	var blocks [][]byte
	for len(plain) > size {
		blocks = append(blocks, plain[:size])
		plain = plain[size:]
	}
	return append(blocks, plain)
}
