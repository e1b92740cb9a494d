package engine

import (
	"cmp"
	"math"
	"slices"

	"github.com/google/uuid"
)

// compact merges small views until each is larger than all smaller ones together.
// That makes their number, and how often a document is rewritten, logarithmic (the
// logarithmic method of Bentley and Saxe 1980; search engines call it size-tiered
// merging). A view that is mostly dead is rewritten too.
func compact(views []view) []view {
	views = slices.DeleteFunc(views, func(v view) bool { return v.count == 0 })
	slices.SortStableFunc(views, func(a, b view) int { return cmp.Compare(b.size(), a.size()) })
	kept, smaller := len(views), 0
	for i, v := range slices.Backward(views) {
		if v.size() <= smaller {
			kept = i
		}
		smaller += v.size()
	}
	if kept < len(views) {
		views = append(views[:kept], whole(merge(views[kept:])))
	}
	for i := range views {
		if views[i].count*2 < len(views[i].documents) {
			views[i] = whole(merge(views[i : i+1]))
		}
	}
	return views
}

func (v *view) size() int { return v.count + v.alive }

// merge writes the live documents of views into one part, in the views' order.
func merge(views []view) *part {
	m := merger{views: views, places: make([][]uint32, len(views)), next: make([]int, len(views))}
	m.ordinals = map[uuid.UUID]uint32{}
	for i := range views {
		m.addDocuments(i)
	}
	m.starts = []uint32{0}
	for term, found := m.least(); found; term, found = m.least() {
		m.addPostings(term)
	}
	return &m.part
}

type merger struct {
	part
	views  []view
	places [][]uint32 // where each view's chunks are in the part; gone for the dead
	next   []int      // the term that each view is at
}

const gone = math.MaxUint32

func (m *merger) addDocuments(i int) {
	v := &m.views[i]
	m.places[i] = make([]uint32, len(v.chunks))
	renumbered := make([]uint32, len(v.documents))
	for document, id := range v.documents {
		if !v.isDead(uint32(document)) {
			renumbered[document] = uint32(len(m.documents))
			m.ordinals[id] = renumbered[document]
			m.documents = append(m.documents, id)
		}
	}
	for at, chunk := range v.chunks {
		m.places[i][at] = gone
		if !v.isDead(chunk.document) {
			m.places[i][at] = uint32(len(m.chunks))
			chunk.document = renumbered[chunk.document]
			m.chunks = append(m.chunks, chunk)
			m.lengths = append(m.lengths, v.lengths[at])
		}
	}
}

// least is the first term, in order, that some view is still at.
func (m *merger) least() (term string, found bool) {
	for i := range m.views {
		if terms := m.views[i].terms[m.next[i]:]; len(terms) > 0 && (!found || terms[0] < term) {
			term, found = terms[0], true
		}
	}
	return term, found
}

// addPostings writes what the views have of term and moves them past it.
func (m *merger) addPostings(term string) {
	before := len(m.postings)
	for i := range m.views {
		v, at := &m.views[i], m.next[i]
		if at == len(v.terms) || v.terms[at] != term {
			continue
		}
		m.next[i]++
		for _, p := range v.postings[v.starts[at]:v.starts[at+1]] {
			if place := m.places[i][p.chunk]; place != gone {
				m.postings = append(m.postings, posting{place, p.count})
			}
		}
	}
	if len(m.postings) > before {
		m.terms = append(m.terms, term)
		m.starts = append(m.starts, uint32(len(m.postings)))
	}
}
