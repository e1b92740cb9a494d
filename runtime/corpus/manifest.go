package corpus

import (
	"bytes"
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
	// previous is the hash of the sealed manifest before this one. Nothing that serves needs
	// it, since it knows the newest: it lets who examines a database tell, of two generations
	// that were kept, whether one became the other.
	previous hash
	language language.Language
	basis    pinned // of the vectors; none while there are too few chunks
	next     pinned // that takes the place of the basis once all segments have vectors of it; none most of the time
	segments []member
	// dead are the versions of documents that were replaced or deleted and are in a
	// segment still. A version is the object that has its text.
	dead []uuid.UUID
}

// member is a segment of the index.
type member struct {
	lexicon   pinned
	vectors   pinned // none without a basis
	next      pinned // vectors of the next basis; none until they are made
	documents uint32
	chunks    uint32
	unseen    float32 // sum over the chunks of what the basis does not know of each
}

// bytes is what the segment takes in memory.
func (m member) bytes() int64 {
	return int64(m.lexicon.bytes) + int64(m.vectors.bytes) + int64(m.next.bytes)
}

// objects are those that hold the segment.
func (m member) objects() []uuid.UUID { return objectsOf(m.lexicon, m.vectors, m.next) }

// objectsOf are the objects that are pinned.
func objectsOf(all ...pinned) (objects []uuid.UUID) {
	for _, p := range all {
		if !p.none() {
			objects = append(objects, p.object)
		}
	}
	return objects
}

// What a manifest may list. Whoever would add to a full one merges first.
const (
	maxSegments = 64
	maxDead     = 1024
)

func (m *manifest) full() bool { return full(len(m.segments), len(m.dead)) }

// full reports whether there is no room for uploads that are committed together: each may
// be of a document whose version of before dies.
func full(segments, dead int) bool { return segments >= maxSegments || dead > maxDead-groupChunks }

// bytes is at most what the index takes in memory: a basis takes up to twice its
// encoding.
func (m *manifest) bytes() int64 {
	return m.segmentBytes() + 2*(int64(m.basis.bytes)+int64(m.next.bytes))
}

func (m *manifest) segmentBytes() (sum int64) {
	for _, s := range m.segments {
		sum += s.bytes()
	}
	return sum
}

// foreign reports whether the segments are of another language.
func (m *manifest) foreign(l language.Language) bool { return m.language != l && len(m.segments) > 0 }

// lexicons are the objects that hold the segments without their vectors.
func (m *manifest) lexicons() (objects []uuid.UUID) {
	for _, s := range m.segments {
		objects = append(objects, s.lexicon.object)
	}
	return objects
}

// embedding are the objects that hold the basis and its vectors.
func (m *manifest) embedding() []uuid.UUID {
	objects := objectsOf(m.basis)
	for _, s := range m.segments {
		objects = append(objects, objectsOf(s.vectors)...)
	}
	return objects
}

// nextEmbedding are the objects that hold the next basis and its vectors.
func (m *manifest) nextEmbedding() []uuid.UUID {
	objects := objectsOf(m.next)
	for _, s := range m.segments {
		objects = append(objects, objectsOf(s.next)...)
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
	// changeMagic begins a manifest that lists a next basis.
	changeMagic   = "BHM3"
	idBytes       = len(uuid.UUID{})
	memberBytes   = 2*pinnedBytes + 4 + 4 + 4
	manifestBytes = len(manifestMagic) + sha256.Size + 1 + pinnedBytes + 4
)

// encode writes, all integers big-endian and an object as appendTo does:
//
//	"BHM2" | previous 32 | u8 language | basis | u32 n |
//	(lexicon | vectors | u32 documents | u32 chunks | f32 unseen) * n | dead 16 * the rest
//
// With a next basis it is "BHM3", and next follows the basis and each of the vectors.
func (m *manifest) encode() []byte {
	magic, wider := manifestMagic, 0
	if !m.next.none() {
		magic, wider = changeMagic, pinnedBytes
	}
	out := make([]byte, 0, manifestBytes+wider+(memberBytes+wider)*len(m.segments)+idBytes*len(m.dead))
	out = append(out, magic...)
	out = append(out, m.previous[:]...)
	out = append(out, byte(m.language))
	out = m.basis.appendTo(out)
	if wider > 0 {
		out = m.next.appendTo(out)
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(m.segments)))
	for _, s := range m.segments {
		out = s.vectors.appendTo(s.lexicon.appendTo(out))
		if wider > 0 {
			out = s.next.appendTo(out)
		}
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
	changes := bytes.HasPrefix(in, []byte(changeMagic))
	if !changes && !bytes.HasPrefix(in, []byte(manifestMagic)) || len(in) < manifestBytes || changes && len(in) < manifestBytes+pinnedBytes {
		return m, fmt.Errorf("%w: not a manifest", seal.ErrCorrupt)
	}
	rest := in[len(manifestMagic):]
	rest = rest[copy(m.previous[:], rest):]
	m.language = language.Language(rest[0])
	if !m.language.Valid() {
		return m, fmt.Errorf("%w: manifest of %v", seal.ErrCorrupt, m.language)
	}
	m.basis, rest = readPinned(rest[1:])
	if changes {
		if m.next, rest = readPinned(rest); m.next.none() {
			return m, fmt.Errorf("%w: manifest that changes to no basis", seal.ErrCorrupt)
		}
	}
	err := m.decodeLists(rest, changes)
	return m, err
}

// decodeLists reads the segments, with their next vectors if the basis changes, and the
// dead. Errors: seal.ErrCorrupt.
func (m *manifest) decodeLists(in []byte, changes bool) error {
	width := memberBytes
	if changes {
		width += pinnedBytes
	}
	n, rest := binary.BigEndian.Uint32(in), in[4:]
	if int64(n)*int64(width) > int64(len(rest)) || (len(rest)-int(n)*width)%idBytes != 0 {
		return fmt.Errorf("%w: manifest of %d segments in %d bytes", seal.ErrCorrupt, n, len(in))
	}
	m.segments = make([]member, n)
	for i := range m.segments {
		if m.segments[i] = readMember(rest, changes); m.segments[i].vectors.none() != m.basis.none() {
			return fmt.Errorf("%w: vectors without a basis, or none with one", seal.ErrCorrupt)
		}
		rest = rest[width:]
	}
	for ; len(rest) > 0; rest = rest[idBytes:] {
		m.dead = append(m.dead, uuid.UUID(rest[:idBytes]))
	}
	if m.repeats() {
		return fmt.Errorf("%w: manifest that lists something twice", seal.ErrCorrupt)
	}
	return nil
}

// repeats reports whether an object is listed twice, a version that is dead included.
func (m *manifest) repeats() bool {
	listed := slices.Concat(m.lexicons(), m.embedding(), m.nextEmbedding(), m.dead)
	seen := make(map[uuid.UUID]bool, len(listed))
	for _, object := range listed {
		seen[object] = true
	}
	return len(seen) < len(listed)
}

// readMember reads a member, with its next vectors if the basis changes.
func readMember(in []byte, changes bool) (m member) {
	m.lexicon, in = readPinned(in)
	m.vectors, in = readPinned(in)
	if changes {
		m.next, in = readPinned(in)
	}
	m.documents, m.chunks = binary.BigEndian.Uint32(in), binary.BigEndian.Uint32(in[4:])
	m.unseen = math.Float32frombits(binary.BigEndian.Uint32(in[8:]))
	return m
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
