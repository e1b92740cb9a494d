package segment

import (
	"fmt"
	"math"
	"strings"

	"github.com/google/uuid"
)

// Build encodes documents, whose IDs differ. Errors: a document or all of them are
// beyond the limits.
func Build(documents []Document) ([]byte, error) {
	b := NewBuilder()
	for i := range documents {
		d := &documents[i]
		if err := b.Document(d.ID, d.Attributes); err != nil {
			return nil, err
		}
		for _, c := range d.Chunks {
			if err := b.Chunk(c); err != nil {
				return nil, fmt.Errorf("document %s: %w", d.ID, err)
			}
		}
	}
	return b.Encode()
}

// Builder encodes documents that come chunk by chunk: what it holds of them is little
// more than what comes out. It is for one segment and one goroutine.
type Builder struct {
	builder
	lists map[string][]posting // of the newest chunks
	held  int                  // postings in lists
	runs  []run
}

type posting struct{ chunk, count uint32 }

// NewBuilder returns a Builder of a segment without documents.
func NewBuilder() *Builder {
	return &Builder{builder: newBuilder(), lists: map[string][]posting{}}
}

// Document begins the next document. Errors: it, or all together, are beyond the limits.
func (b *Builder) Document(id uuid.UUID, attributes []byte) error {
	if len(attributes) > MaxAttribute {
		return fmt.Errorf("document %s: %d bytes of attributes, at most %d", id, len(attributes), MaxAttribute)
	}
	if b.documents.len() == MaxDocuments {
		return fmt.Errorf("the segment is full: %d documents", MaxDocuments)
	}
	b.documents.append(id, attributes, uint32(b.chunks.len()))
	return nil
}

// Chunk adds the next chunk of the document that was begun last, and keeps nothing of its
// terms but their text. Errors: it, or all together, are beyond the limits.
func (b *Builder) Chunk(c Chunk) error {
	if err := c.check(); err != nil {
		return err
	}
	if b.chunks.len() == MaxChunks {
		return fmt.Errorf("the segment is full: %d chunks", MaxChunks)
	}
	at := uint32(b.chunks.len())
	b.chunks = b.chunks.append(uint32(b.documents.len()-1), c.Terms.Length(), b.underHeading(c.Heading), c.Start, c.End)
	b.documents.extend(at + 1)
	for term, count := range c.Terms {
		b.lists[term] = append(b.lists[term], posting{at, count})
	}
	if b.held += len(c.Terms); b.held >= runPostings {
		b.flush()
	}
	return nil
}

// Encoded is about how many bytes what was added takes, without what is not encoded yet.
func (b *Builder) Encoded() (bytes int) {
	for i := range b.runs {
		bytes += len(b.runs[i].dictionary.bytes) + len(b.runs[i].postings)
	}
	return bytes
}

func (c *Chunk) check() error {
	if len(c.Heading) > MaxHeading || c.Start > c.End {
		return fmt.Errorf("chunk [%d, %d) under a heading of %d bytes", c.Start, c.End, len(c.Heading))
	}
	for term := range c.Terms {
		if len(term) >= MaxTerm {
			return fmt.Errorf("term of %d bytes, at most %d", len(term), MaxTerm-1)
		}
	}
	return nil
}

// Encode returns the segment, once. Errors: it is beyond the limits.
func (b *Builder) Encode() ([]byte, error) {
	if len(b.runs) == 0 {
		b.writeLists(&b.lexicon)
		return b.encode()
	}
	if b.held > 0 {
		b.flush()
	}
	if err := b.mergeRuns(); err != nil {
		return nil, err
	}
	return b.encode()
}

// builder writes the parts of a segment.
type builder struct {
	documents documents
	chunks    chunks
	headings  table
	heading   map[string]uint32 // its number
	writer    postingWriter
	lexicon
}

// lexicon is terms with their postings, which come in order.
type lexicon struct {
	dictionary dictionaryWriter
	postings   []byte
}

func newBuilder() builder { return builder{heading: map[string]uint32{}} }

func (b *builder) underHeading(heading string) uint32 {
	n, known := b.heading[heading]
	if !known {
		n = uint32(b.headings.len())
		b.heading[strings.Clone(heading)] = n
		b.headings.append([]byte(heading))
	}
	return n
}

// add appends the postings that are in a writer as those of the next term.
func (l *lexicon) add(term []byte, w *postingWriter) {
	before := len(l.postings)
	l.postings = w.appendTo(l.postings)
	l.dictionary.add(term, w.count, uint32(len(l.postings)-before))
}

func (b *builder) encode() ([]byte, error) {
	b.documents.sort()
	s := &Segment{
		documents: b.documents, chunks: b.chunks, headings: b.headings,
		dictionary: b.dictionary.dictionary, postings: b.postings,
	}
	size := len(s.postings)
	for _, section := range s.sections() {
		size += len(*section)
	}
	if size > math.MaxInt32 { // so that every offset within it fits
		return nil, fmt.Errorf("segment of %d bytes, at most %d", size, math.MaxInt32)
	}
	return encode(s), nil
}
