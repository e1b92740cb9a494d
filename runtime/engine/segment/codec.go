package segment

import (
	"encoding/binary"
	"fmt"
)

// The encoding, all numbers little-endian: the magic, the length of each section
// as a 32-bit number, the sections, in the order of Segment.sections.
const (
	magic        = "BLX1"
	sectionCount = 10
	headBytes    = len(magic) + sectionCount*numberBytes
)

// sections are the segment's parts in the order in which they are written.
func (s *Segment) sections() [sectionCount]*[]byte {
	return [...]*[]byte{
		&s.documents.ids, (*[]byte)(&s.documents.order), (*[]byte)(&s.documents.ends),
		(*[]byte)(&s.documents.attributes.ends), &s.documents.attributes.bytes,
		(*[]byte)(&s.chunks),
		(*[]byte)(&s.headings.ends), &s.headings.bytes,
		(*[]byte)(&s.dictionary.groups), &s.dictionary.bytes,
	}
}

// encode writes the sections; the postings are what is left.
func encode(s *Segment) []byte {
	size := headBytes + len(s.postings)
	for _, section := range s.sections() {
		size += len(*section)
	}
	out := append(make([]byte, 0, size), magic...)
	for _, section := range s.sections() {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(*section)))
	}
	for _, section := range s.sections() {
		out = append(out, *section...)
	}
	return append(out, s.postings...)
}

// Open reads a segment, which keeps in. It checks everything but the postings,
// which end where they make no sense. It allocates nothing that depends on the
// input. Errors: ErrCorrupt.
func Open(in []byte) (*Segment, error) {
	if len(in) < headBytes || string(in[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: it does not begin as one", ErrCorrupt)
	}
	s := &Segment{size: len(in)}
	lengths, rest := numbers(in[len(magic):headBytes]), in[headBytes:]
	for i, section := range s.sections() {
		length := uint64(lengths.at(uint32(i)))
		if length > uint64(len(rest)) {
			return nil, fmt.Errorf("%w: section %d is cut off", ErrCorrupt, i)
		}
		*section, rest = rest[:length:length], rest[length:]
	}
	s.postings = rest
	s.dictionary.end = uint32(min(uint64(len(rest)), 1<<32-1))
	if err := s.check(); err != nil {
		return nil, err
	}
	for chunk := range uint32(s.Chunks()) {
		s.words += uint64(s.Length(chunk))
	}
	return s, nil
}

func (s *Segment) check() error {
	for _, numbers := range [][]byte{s.documents.order, s.documents.ends, s.documents.attributes.ends, s.headings.ends, s.dictionary.groups} {
		if len(numbers)%numberBytes != 0 {
			return fmt.Errorf("%w: a section of %d bytes is no array", ErrCorrupt, len(numbers))
		}
	}
	switch {
	case len(s.chunks)%chunkBytes != 0 || s.Documents() > MaxDocuments || s.Chunks() > MaxChunks:
		return fmt.Errorf("%w: %d documents, %d bytes of chunks", ErrCorrupt, s.Documents(), len(s.chunks))
	case !s.documents.check(s.Chunks()):
		return fmt.Errorf("%w: documents", ErrCorrupt)
	case !s.headings.check() || !s.chunks.check(&s.documents, s.headings.len()):
		return fmt.Errorf("%w: chunks", ErrCorrupt)
	case !s.dictionary.check():
		return fmt.Errorf("%w: dictionary", ErrCorrupt)
	}
	return nil
}
