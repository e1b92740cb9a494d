package corpus

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// manifest lists what a tenant's index is as of a generation. It is sealed for that
// generation and incarnation, so that neither an older one nor another tenant's
// opens in its place.
type manifest struct {
	previous hash // of the sealed manifest before this one
	segments []member
	// dead are the versions of documents that were replaced or deleted and are in a
	// segment still. A version is the object that has its text.
	dead []uuid.UUID
}

type hash = [sha256.Size]byte

// member is a segment of the index.
type member struct {
	object    uuid.UUID
	header    hash // of the object's header: no other object takes its place
	documents uint32
	bytes     uint32 // of the encoded segment
}

// What a manifest may list. Whoever would add to a full one merges first.
const (
	maxSegments = 64
	maxDead     = 1024
)

func (m *manifest) full() bool { return len(m.segments) >= maxSegments || len(m.dead) >= maxDead }

// bytes is what all segments take in memory.
func (m *manifest) bytes() int64 {
	var sum int64
	for _, s := range m.segments {
		sum += int64(s.bytes)
	}
	return sum
}

const (
	manifestMagic = "BHM1"
	idBytes       = len(uuid.UUID{})
	memberBytes   = idBytes + sha256.Size + 4 + 4
	manifestBytes = len(manifestMagic) + sha256.Size + 4
)

// encode writes, all integers big-endian:
//
//	"BHM1" | previous 32 | u32 n | (object 16 | header 32 | u32 documents | u32 bytes) * n | dead 16 * the rest
func (m *manifest) encode() []byte {
	out := make([]byte, 0, manifestBytes+memberBytes*len(m.segments)+idBytes*len(m.dead))
	out = append(out, manifestMagic...)
	out = append(out, m.previous[:]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(m.segments)))
	for _, s := range m.segments {
		out = append(out, s.object[:]...)
		out = append(out, s.header[:]...)
		out = binary.BigEndian.AppendUint32(out, s.documents)
		out = binary.BigEndian.AppendUint32(out, s.bytes)
	}
	for _, id := range m.dead {
		out = append(out, id[:]...)
	}
	return out
}

// decodeManifest reads what encode wrote. It allocates no more than the input's
// size allows. Errors: seal.ErrCorrupt.
func decodeManifest(in []byte) (manifest, error) {
	var m manifest
	if len(in) < manifestBytes || string(in[:len(manifestMagic)]) != manifestMagic {
		return m, fmt.Errorf("%w: not a manifest", seal.ErrCorrupt)
	}
	copy(m.previous[:], in[len(manifestMagic):])
	n := binary.BigEndian.Uint32(in[manifestBytes-4:])
	rest := in[manifestBytes:]
	if int64(n)*int64(memberBytes) > int64(len(rest)) || (len(rest)-int(n)*memberBytes)%idBytes != 0 {
		return m, fmt.Errorf("%w: manifest of %d segments in %d bytes", seal.ErrCorrupt, n, len(in))
	}
	m.segments = make([]member, n)
	for i := range m.segments {
		s := &m.segments[i]
		copy(s.object[:], rest)
		copy(s.header[:], rest[idBytes:])
		s.documents = binary.BigEndian.Uint32(rest[idBytes+sha256.Size:])
		s.bytes = binary.BigEndian.Uint32(rest[idBytes+sha256.Size+4:])
		rest = rest[memberBytes:]
	}
	for ; len(rest) > 0; rest = rest[idBytes:] {
		m.dead = append(m.dead, uuid.UUID(rest[:idBytes]))
	}
	return m, nil
}

// placeOf is where the manifest of a generation belongs.
func placeOf(incarnation, generation int64) seal.Place {
	var row []byte
	row = binary.BigEndian.AppendUint64(row, uint64(incarnation))
	row = binary.BigEndian.AppendUint64(row, uint64(generation))
	return seal.Place{Table: "tenant_head", Column: "manifest", Row: row}
}

// openManifest reads the manifest of a head. A head without one has none yet.
// Errors: seal.ErrCorrupt, those of the keys.
func openManifest(keys *seal.Keyring, head store.Head) (manifest, error) {
	if head.Manifest == nil {
		return manifest{}, nil
	}
	plain, err := keys.OpenCell(placeOf(head.Incarnation, head.Generation), head.ManifestDEK, head.Manifest)
	if err != nil {
		return manifest{}, fmt.Errorf("manifest of generation %d: %w", head.Generation, err)
	}
	m, err := decodeManifest(plain)
	if err != nil {
		return manifest{}, fmt.Errorf("manifest of generation %d: %w", head.Generation, err)
	}
	return m, nil
}

// sealInto makes the manifest that of the head's next generation.
func (m *manifest) sealInto(keys *seal.Keyring, head *store.Head) (err error) {
	m.previous = sha256.Sum256(head.Manifest)
	head.Generation++
	head.ManifestDEK, head.Manifest, err = keys.SealCell(placeOf(head.Incarnation, head.Generation), m.encode())
	return err
}

// remove leaves out segments and the dead that only those had.
func (m *manifest) remove(segments []member, dead []uuid.UUID) {
	m.segments = slices.DeleteFunc(slices.Clone(m.segments), func(s member) bool { return slices.Contains(segments, s) })
	m.dead = slices.DeleteFunc(slices.Clone(m.dead), func(id uuid.UUID) bool { return slices.Contains(dead, id) })
}
