package segment

import (
	"maps"
	"slices"
)

// runPostings is how many postings a Builder holds before it encodes them: half a megabyte
// of text or so, whose lists take 2 to 8 MiB.
const runPostings = 1 << 16

// run is what some consecutive chunks add to the lexicon of a segment (single-pass
// in-memory indexing; Heinz and Zobel, "Efficient single-pass index construction for text
// databases", 2003).
type run = lexicon

// flush encodes what is held as a run.
func (b *Builder) flush() {
	var r run
	b.writeLists(&r)
	r.postings, r.dictionary.bytes = slices.Clip(r.postings), slices.Clip(r.dictionary.bytes)
	b.runs = append(b.runs, r)
	b.lists, b.held = map[string][]posting{}, 0
}

// writeLists writes what is held, in the order of the terms.
func (b *Builder) writeLists(to *lexicon) {
	for _, term := range slices.Sorted(maps.Keys(b.lists)) {
		b.writer.reset()
		for _, p := range b.lists[term] {
			b.writer.add(p.chunk, p.count, b.chunks.length(p.chunk))
		}
		to.add([]byte(term), &b.writer)
	}
}

// mergeRuns makes one lexicon of the runs, whose chunks stay where they are.
func (b *Builder) mergeRuns() error {
	m := merger{builder: &b.builder}
	places, dictionary, postings := make([]uint32, b.chunks.len()), 0, 0
	for chunk := range places {
		places[chunk] = uint32(chunk)
	}
	for i := range b.runs {
		r := &b.runs[i]
		dictionary, postings = dictionary+len(r.dictionary.bytes), postings+len(r.postings)
		s := &Segment{chunks: b.chunks, dictionary: r.dictionary.dictionary, postings: r.postings}
		m.sources, m.places = append(m.sources, Source{Segment: s}), append(m.places, places)
		m.terms = append(m.terms, newTermReader(&s.dictionary))
	}
	b.dictionary.bytes, b.postings = make([]byte, 0, dictionary), make([]byte, 0, postings)
	b.runs = nil
	return m.mergePostings()
}
