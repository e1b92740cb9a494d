package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// part is an immutable inverted index over some documents.
type part struct {
	documents []uuid.UUID
	ordinals  map[uuid.UUID]uint32 // place in documents
	chunks    []entry              // document by document
	lengths   []uint32             // of the chunks in words, title and heading included
	terms     []string             // sorted
	starts    []uint32             // term i has postings[starts[i]:starts[i+1]]
	postings  []posting
}

// entry is a chunk in a part.
type entry struct {
	Chunk
	document uint32 // place in the part's documents
}

// posting says how often a term occurs in a chunk.
type posting struct{ chunk, count uint32 }

// find returns the postings of term.
func (p *part) find(term string) []posting {
	i, found := slices.BinarySearch(p.terms, term)
	if !found {
		return nil
	}
	return p.postings[p.starts[i]:p.starts[i+1]]
}

// bytes is the part's approximate size in memory.
func (p *part) bytes() int64 {
	const perDocument, perChunk, perTerm, perPosting = 56, 44, 20, 8
	total := perDocument*len(p.documents) + perChunk*len(p.chunks) + perTerm*len(p.terms) + perPosting*len(p.postings)
	for i := range p.chunks {
		total += len(p.chunks[i].Heading)
	}
	for _, term := range p.terms {
		total += len(term)
	}
	return int64(total)
}

// build indexes documents, whose IDs must differ.
func build(l language.Language, documents []Document) *part {
	b := builder{analyser: language.NewAnalyser(l), lists: map[string][]posting{}}
	b.ordinals = make(map[uuid.UUID]uint32, len(documents))
	for i := range documents {
		b.add(&documents[i])
	}
	return b.finish()
}

type builder struct {
	part
	analyser *language.Analyser
	lists    map[string][]posting // by term
}

func (b *builder) add(d *Document) {
	ordinal := uint32(len(b.documents))
	b.ordinals[d.ID] = ordinal
	b.documents = append(b.documents, d.ID)
	for _, chunk := range d.Chunks {
		at := uint32(len(b.chunks))
		length := uint32(0)
		for _, field := range []string{d.Title, chunk.Heading, chunk.in(d.Text)} {
			for term := range b.analyser.Terms(field) {
				b.count(term, at)
				length++
			}
		}
		b.chunks = append(b.chunks, entry{Chunk: chunk, document: ordinal})
		b.lengths = append(b.lengths, length)
	}
}

// count adds one occurrence of term in the chunk at, the last so far.
func (b *builder) count(term string, at uint32) {
	list := b.lists[term]
	switch {
	case list == nil:
		b.lists[strings.Clone(term)] = []posting{{at, 1}}
	case list[len(list)-1].chunk == at:
		list[len(list)-1].count++
	default:
		b.lists[term] = append(list, posting{at, 1})
	}
}

func (b *builder) finish() *part {
	p := b.part
	p.terms = slices.Sorted(maps.Keys(b.lists))
	p.starts = make([]uint32, 1, len(p.terms)+1)
	for _, term := range p.terms {
		p.postings = append(p.postings, b.lists[term]...)
		p.starts = append(p.starts, uint32(len(p.postings)))
	}
	return &p
}
