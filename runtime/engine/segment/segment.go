package segment

import (
	"errors"

	"github.com/google/uuid"
)

// ErrCorrupt: the bytes are no segment that this version can read.
var ErrCorrupt = errors.New("segment can not be read")

// Limits of one segment. They keep every offset within 32 bits.
const (
	MaxDocuments = 1 << 24
	MaxChunks    = 1 << 24
	MaxTerm      = 1 << 8  // bytes
	MaxHeading   = 1 << 12 // bytes
	MaxAttribute = 1 << 20 // bytes
)

// Document is what a segment is built from.
type Document struct {
	ID uuid.UUID
	// Attributes are kept with the document and given back as they are.
	Attributes []byte
	Chunks     []Chunk
}

// Chunk is a piece of a document: the bytes [Start, End) of its text.
type Chunk struct {
	Start, End uint32
	Heading    string // that it stands under
	Terms      Terms
}

// Terms are how often each term occurs in a chunk.
type Terms map[string]uint32

// Length is the number of words that the terms were made of.
func (t Terms) Length() uint32 {
	sum := uint32(0)
	for _, n := range t {
		sum += n
	}
	return sum
}

// Segment is an opened segment. It is safe for concurrent use until its bytes are
// zeroed.
type Segment struct {
	documents  documents
	chunks     chunks
	headings   table
	dictionary dictionary
	postings   []byte

	words uint64 // of all chunks
	size  int    // of the encoded bytes
}

// Documents is how many documents there are; they are numbered from 0.
func (s *Segment) Documents() int { return s.documents.len() }

// Chunks is how many chunks there are; those of a document lie together.
func (s *Segment) Chunks() int { return s.chunks.len() }

// Words is the number of words of all chunks together.
func (s *Segment) Words() uint64 { return s.words }

// Bytes is the memory that the segment takes.
func (s *Segment) Bytes() int { return s.size }

// Document returns the id of a document, its attributes, and its first chunk and
// the one after its last.
func (s *Segment) Document(n uint32) (id uuid.UUID, attributes []byte, first, end uint32) {
	first, end = s.documents.chunks(n)
	return s.documents.id(n), s.documents.attributes.at(n), first, end
}

// Find returns the number of a document.
func (s *Segment) Find(id uuid.UUID) (n uint32, found bool) { return s.documents.find(id) }

// DocumentOf returns the document that a chunk is of.
func (s *Segment) DocumentOf(chunk uint32) uint32 { return s.chunks.document(chunk) }

// Length is the number of words of a chunk.
func (s *Segment) Length(chunk uint32) uint32 { return s.chunks.length(chunk) }

// Span returns the bytes of its document's text that a chunk is, and the heading
// that it stands under.
func (s *Segment) Span(chunk uint32) (start, end uint32, heading string) {
	start, end = s.chunks.span(chunk)
	return start, end, string(s.headings.at(s.chunks.heading(chunk)))
}

// Postings returns in which chunks a term occurs; none when it occurs in none.
func (s *Segment) Postings(term string) Postings {
	entry, found := s.dictionary.find(term)
	if !found {
		return Postings{}
	}
	return s.list(entry)
}

func (s *Segment) list(e entry) Postings {
	return Postings{count: e.count, bytes: s.postings[e.start:e.end]}
}
