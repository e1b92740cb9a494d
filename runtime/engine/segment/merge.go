package segment

import (
	"bytes"
	"fmt"
	"math"
)

// Source is a segment to be merged, and which of its documents live.
type Source struct {
	*Segment
	Live func(document uint32) bool
}

// Merge encodes the live documents of sources, in order, as one segment. No
// document lives in two of them. Errors: ErrCorrupt, or all together are beyond
// the limits.
func Merge(sources []Source) ([]byte, error) {
	b := newBuilder()
	m := merger{builder: &b, sources: sources}
	for i := range sources {
		if err := m.copyDocuments(&sources[i]); err != nil {
			return nil, err
		}
		m.terms = append(m.terms, newTermReader(&sources[i].dictionary))
	}
	if err := m.mergePostings(); err != nil {
		return nil, err
	}
	return m.encode()
}

type merger struct {
	*builder
	sources []Source
	places  [][]uint32 // where the chunks of each source are now
	terms   []termReader
	at      []int // the sources, in order, that are at the first term
	cursor  Cursor
}

const gone = math.MaxUint32

func (m *merger) copyDocuments(s *Source) error {
	places := make([]uint32, s.Chunks())
	for n := range uint32(s.Documents()) {
		id, attributes, first, end := s.Document(n)
		if !s.Live(n) {
			for chunk := first; chunk < end; chunk++ {
				places[chunk] = gone
			}
			continue
		}
		if m.documents.len() == MaxDocuments || m.chunks.len()+int(end-first) > MaxChunks {
			return fmt.Errorf("the segment is full: %d documents, %d chunks", m.documents.len(), m.chunks.len())
		}
		m.documents.append(id, attributes, uint32(m.chunks.len())+end-first)
		for chunk := first; chunk < end; chunk++ {
			places[chunk] = uint32(m.chunks.len())
			start, stop, heading := s.Span(chunk)
			m.chunks = m.chunks.append(uint32(m.documents.len()-1), s.Length(chunk), m.underHeading(heading), start, stop)
		}
	}
	m.places = append(m.places, places)
	return nil
}

// mergePostings copies the postings of all terms.
func (m *merger) mergePostings() error {
	for m.least() {
		if err := m.copyPostings(); err != nil {
			return err
		}
	}
	for i := range m.terms {
		if m.terms[i].corrupt {
			return fmt.Errorf("%w: dictionary", ErrCorrupt)
		}
	}
	return nil
}

// least finds the sources that are at the first term of all; false when there is none.
func (m *merger) least() bool {
	m.at = m.at[:0]
	for i := range m.terms {
		if m.terms[i].over {
			continue
		}
		order := -1
		if len(m.at) > 0 {
			order = bytes.Compare(m.terms[i].group.term, m.terms[m.at[0]].group.term)
		}
		switch {
		case order < 0:
			m.at = append(m.at[:0], i)
		case order == 0:
			m.at = append(m.at, i)
		}
	}
	return len(m.at) > 0
}

// copyPostings writes what the sources have of the first term and moves them past it.
func (m *merger) copyPostings() error {
	m.writer.reset()
	for _, i := range m.at {
		list := m.sources[i].list(m.terms[i].group.entry)
		seen := uint32(0)
		for m.cursor.Begin(list, uint32(m.sources[i].Chunks())); m.cursor.Next(); {
			seen += uint32(len(m.cursor.Chunks))
			for j, chunk := range m.cursor.Chunks {
				if place := m.places[i][chunk]; place != gone {
					m.writer.add(place, m.cursor.Counts[j], m.chunks.length(place))
				}
			}
		}
		if seen != list.Count() {
			return fmt.Errorf("%w: postings", ErrCorrupt)
		}
	}
	if m.writer.count > 0 {
		m.add(m.terms[m.at[0]].group.term, &m.writer)
	}
	for _, i := range m.at {
		m.terms[i].next()
	}
	return nil
}

// termReader goes through a dictionary in order.
type termReader struct {
	dictionary *dictionary
	group      groupReader
	read       uint32 // groups
	over       bool
	corrupt    bool // it ended early
}

func newTermReader(d *dictionary) termReader {
	r := termReader{dictionary: d}
	r.next()
	return r
}

func (r *termReader) next() {
	for !r.group.next() {
		r.corrupt = r.corrupt || len(r.group.in) > 0
		if r.corrupt || int(r.read) == r.dictionary.len() {
			r.over = true
			return
		}
		buffer := r.group.term[:0]
		r.group = r.dictionary.group(r.read)
		r.group.term = buffer
		r.read++
	}
}
