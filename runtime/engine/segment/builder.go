package segment

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Build encodes documents, whose IDs differ. Errors: a document or all of them are
// beyond the limits.
func Build(documents []Document) ([]byte, error) {
	b := newBuilder()
	lists := map[string][]posting{}
	for i := range documents {
		d := &documents[i]
		if err := b.document(d); err != nil {
			return nil, fmt.Errorf("document %s: %w", d.ID, err)
		}
		for _, c := range d.Chunks {
			at := b.chunk(uint32(i), c)
			for term, count := range c.Terms {
				lists[term] = append(lists[term], posting{at, count})
			}
		}
	}
	for _, term := range slices.Sorted(maps.Keys(lists)) {
		b.list(term, lists[term])
	}
	return b.encode()
}

type posting struct{ chunk, count uint32 }

// builder writes the parts of a segment.
type builder struct {
	documents  documents
	chunks     chunks
	headings   table
	heading    map[string]uint32 // its number
	dictionary dictionaryWriter
	writer     postingWriter
	postings   []byte
}

func newBuilder() *builder { return &builder{heading: map[string]uint32{}} }

// document begins the next document, before its chunks.
func (b *builder) document(d *Document) error {
	if len(d.Attributes) > MaxAttribute {
		return fmt.Errorf("%d bytes of attributes, at most %d", len(d.Attributes), MaxAttribute)
	}
	if b.documents.len() == MaxDocuments || b.chunks.len()+len(d.Chunks) > MaxChunks {
		return fmt.Errorf("the segment is full: %d documents, %d chunks", b.documents.len(), b.chunks.len())
	}
	for _, c := range d.Chunks {
		if len(c.Heading) > MaxHeading || c.Start > c.End {
			return fmt.Errorf("chunk [%d, %d) under a heading of %d bytes", c.Start, c.End, len(c.Heading))
		}
		for term := range c.Terms {
			if len(term) >= MaxTerm {
				return fmt.Errorf("term of %d bytes, at most %d", len(term), MaxTerm-1)
			}
		}
	}
	b.documents.append(d.ID, d.Attributes, uint32(b.chunks.len()+len(d.Chunks)))
	return nil
}

func (b *builder) chunk(document uint32, c Chunk) (number uint32) {
	number = uint32(b.chunks.len())
	b.chunks = b.chunks.append(document, c.Terms.Length(), b.underHeading(c.Heading), c.Start, c.End)
	return number
}

func (b *builder) underHeading(heading string) uint32 {
	n, known := b.heading[heading]
	if !known {
		n = uint32(b.headings.len())
		b.heading[strings.Clone(heading)] = n
		b.headings.append([]byte(heading))
	}
	return n
}

// list writes the postings of a term. Terms come in order.
func (b *builder) list(term string, list []posting) {
	b.writer.reset()
	for _, p := range list {
		b.writer.add(p.chunk, p.count, b.chunks.length(p.chunk))
	}
	before := len(b.postings)
	b.postings = b.writer.appendTo(b.postings)
	b.dictionary.add([]byte(term), b.writer.count, uint32(len(b.postings)-before))
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
