package segment

import (
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
	m := merger{builder: newBuilder(), sources: sources}
	for i := range sources {
		if err := m.copyDocuments(&sources[i]); err != nil {
			return nil, err
		}
		m.terms = append(m.terms, newTermReader(&sources[i].dictionary))
	}
	for term, found := m.least(); found; term, found = m.least() {
		if err := m.copyPostings(term); err != nil {
			return nil, err
		}
	}
	for i := range m.terms {
		if m.terms[i].corrupt {
			return nil, fmt.Errorf("%w: dictionary", ErrCorrupt)
		}
	}
	return m.encode()
}

type merger struct {
	*builder
	sources []Source
	places  [][]uint32 // where the chunks of each source are now
	terms   []termReader
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

// least is the first term, in order, that some source is still at.
func (m *merger) least() (term string, found bool) {
	for i := range m.terms {
		if at := m.terms[i].at; !m.terms[i].over && (!found || at.term < term) {
			term, found = at.term, true
		}
	}
	return term, found
}

// copyPostings writes what the sources have of a term and moves them past it.
func (m *merger) copyPostings(term string) error {
	m.writer.reset()
	for i := range m.terms {
		if m.terms[i].over || m.terms[i].at.term != term {
			continue
		}
		list := m.sources[i].list(m.terms[i].at)
		m.terms[i].next()
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
	if m.writer.count == 0 {
		return nil
	}
	before := len(m.postings)
	m.postings = m.writer.appendTo(m.postings)
	m.dictionary.add(term, m.writer.count, uint32(len(m.postings)-before))
	return nil
}

// termReader goes through a dictionary in order.
type termReader struct {
	dictionary *dictionary
	group      groupReader
	read       uint32 // groups
	at         entry
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
		r.group = r.dictionary.group(r.read)
		r.read++
	}
	r.at = entry{string(r.group.term), r.group.count, r.group.start, r.group.end}
}
