package corpus

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// manifest lists what a tenant's index is as of a generation. It is sealed for that
// generation and incarnation, so that neither an older one nor another tenant's
// opens in its place.
type manifest struct {
	previous hash // of the sealed manifest before this one
	language language.Language
	basis    pinned // of the vectors; none while there are too few chunks
	segments []member
	// dead are the versions of documents that were replaced or deleted and are in a
	// segment still. A version is the object that has its text.
	dead []uuid.UUID
}

// member is a segment of the index.
type member struct {
	lexicon   pinned
	vectors   pinned // none without a basis
	documents uint32
	chunks    uint32
	unseen    float32 // sum over the chunks of what the basis does not know of each
}

// bytes is what the segment takes in memory.
func (m member) bytes() int64 { return int64(m.lexicon.bytes) + int64(m.vectors.bytes) }

// objects are those that hold the segment.
func (m member) objects() []uuid.UUID {
	if m.vectors.none() {
		return []uuid.UUID{m.lexicon.object}
	}
	return []uuid.UUID{m.lexicon.object, m.vectors.object}
}

// What a manifest may list. Whoever would add to a full one merges first.
const (
	maxSegments = 64
	maxDead     = 1024
)

func (m *manifest) full() bool { return len(m.segments) >= maxSegments || len(m.dead) >= maxDead }

// bytes is at most what the index takes in memory: a basis takes up to twice its
// encoding.
func (m *manifest) bytes() int64 { return m.segmentBytes() + 2*int64(m.basis.bytes) }

func (m *manifest) segmentBytes() (sum int64) {
	for _, s := range m.segments {
		sum += s.bytes()
	}
	return sum
}

// foreign reports whether the segments are of another language.
func (m *manifest) foreign(l language.Language) bool { return m.language != l && len(m.segments) > 0 }

// embedding are the objects that hold the basis and the vectors.
func (m *manifest) embedding() []uuid.UUID {
	if m.basis.none() {
		return nil
	}
	objects := []uuid.UUID{m.basis.object}
	for _, s := range m.segments {
		objects = append(objects, s.vectors.object)
	}
	return objects
}

// chunks counts those of all segments, and adds up what the basis does not know.
func (m *manifest) chunks() (n int, unseen float64) {
	for _, s := range m.segments {
		n += int(s.chunks)
		unseen += float64(s.unseen)
	}
	return n, unseen
}

const (
	manifestMagic = "BHM2"
	idBytes       = len(uuid.UUID{})
	memberBytes   = 2*pinnedBytes + 4 + 4 + 4
	manifestBytes = len(manifestMagic) + sha256.Size + 1 + pinnedBytes + 4
)

// encode writes, all integers big-endian and an object as appendTo does:
//
//	"BHM2" | previous 32 | u8 language | basis | u32 n |
//	(lexicon | vectors | u32 documents | u32 chunks | f32 unseen) * n | dead 16 * the rest
func (m *manifest) encode() []byte {
	out := make([]byte, 0, manifestBytes+memberBytes*len(m.segments)+idBytes*len(m.dead))
	out = append(out, manifestMagic...)
	out = append(out, m.previous[:]...)
	out = append(out, byte(m.language))
	out = m.basis.appendTo(out)
	out = binary.BigEndian.AppendUint32(out, uint32(len(m.segments)))
	for _, s := range m.segments {
		out = s.vectors.appendTo(s.lexicon.appendTo(out))
		out = binary.BigEndian.AppendUint32(out, s.documents)
		out = binary.BigEndian.AppendUint32(out, s.chunks)
		out = binary.BigEndian.AppendUint32(out, math.Float32bits(s.unseen))
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
	m.language = language.Language(in[len(manifestMagic)+sha256.Size])
	if !m.language.Valid() {
		return m, fmt.Errorf("%w: manifest of %v", seal.ErrCorrupt, m.language)
	}
	m.basis = readPinned(in[len(manifestMagic)+sha256.Size+1:])
	n := binary.BigEndian.Uint32(in[manifestBytes-4:])
	rest := in[manifestBytes:]
	if int64(n)*int64(memberBytes) > int64(len(rest)) || (len(rest)-int(n)*memberBytes)%idBytes != 0 {
		return m, fmt.Errorf("%w: manifest of %d segments in %d bytes", seal.ErrCorrupt, n, len(in))
	}
	m.segments = make([]member, n)
	for i := range m.segments {
		if m.segments[i] = readMember(rest); m.segments[i].vectors.none() != m.basis.none() {
			return m, fmt.Errorf("%w: vectors without a basis, or none with one", seal.ErrCorrupt)
		}
		rest = rest[memberBytes:]
	}
	for ; len(rest) > 0; rest = rest[idBytes:] {
		m.dead = append(m.dead, uuid.UUID(rest[:idBytes]))
	}
	return m, nil
}

func readMember(in []byte) member {
	numbers := in[2*pinnedBytes:]
	return member{
		lexicon: readPinned(in), vectors: readPinned(in[pinnedBytes:]),
		documents: binary.BigEndian.Uint32(numbers), chunks: binary.BigEndian.Uint32(numbers[4:]),
		unseen: math.Float32frombits(binary.BigEndian.Uint32(numbers[8:])),
	}
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

// sealInto makes the manifest that of the head.
func (m *manifest) sealInto(keys *seal.Keyring, head *store.Head) (err error) {
	head.ManifestDEK, head.Manifest, err = keys.SealCell(placeOf(head.Incarnation, head.Generation), m.encode())
	return err
}

// remove leaves out segments and the dead that only those had.
func (m *manifest) remove(segments []member, dead []uuid.UUID) {
	m.segments = slices.DeleteFunc(slices.Clone(m.segments), func(s member) bool { return slices.Contains(segments, s) })
	m.dead = slices.DeleteFunc(slices.Clone(m.dead), func(id uuid.UUID) bool { return slices.Contains(dead, id) })
}
