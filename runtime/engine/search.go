package engine

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
)

// Options say what a search returns.
type Options struct {
	K           int                          // chunks at most
	PerDocument int                          // of them of one document at most; zero: any number
	Matches     func(attributes []byte) bool // chooses documents; nil: all
	// Vector is the query's, by the embedder that made the parts' vectors, and Weight
	// its share beside BM25. Without it chunks are ranked by BM25 alone.
	Vector []float32
	Weight float64
}

// Hit is a chunk that a search found.
type Hit struct {
	Document   uuid.UUID
	Attributes []byte // of the document; a copy
	Chunk      Chunk
	Score      float64
}

// Search returns the best chunks for query, best first, of equals the one first by
// document and place. BM25 is over title, headings and text, and finds no chunk that
// has none of the query's content words, or, if those are none, of its words. With a
// vector, the best of both measures are scored in both, and their order is that of
// fusion.Rank. Documents that do not match count in the statistics, so that a score does
// not depend on what else was asked for.
func (x *Index) Search(query string, o Options) []Hit {
	_, chunks := x.Len()
	if o.K <= 0 || chunks == 0 {
		return nil
	}
	chosen := x
	if o.Matches != nil {
		chosen = x.Restrict(o.Matches)
	}
	depth := max(o.K, fusion.Depth)
	words := chosen.wordLeg(x.words(query), fusion.NewTop(depth, o.PerDocument))
	ranked := words.best
	if o.Vector != nil {
		vectors := chosen.vectorLeg(o.Vector, depth, o.PerDocument)
		ranked = fusion.Limit(chosen.fuse(words, vectors, o.Weight), o.PerDocument)
	}
	return chosen.hits(ranked[:min(o.K, len(ranked))])
}

// leg ranks the live chunks by one measure.
type leg struct {
	best  []fusion.Scored
	score func([]located) []float64 // live chunks, in the order of their places
}

// located is a chunk and where it is.
type located struct {
	fusion.Chunk
	place
}

// fuse ranks what either leg found.
func (x *Index) fuse(words, vectors leg, weight float64) []fusion.Scored {
	var chunks []located
	for _, chunk := range fusion.Union(words.best, vectors.best) {
		if at, _, found := x.find(chunk); found {
			chunks = append(chunks, located{chunk, at})
		}
	}
	slices.SortFunc(chunks, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.view, b.view), cmp.Compare(a.place.chunk, b.place.chunk))
	})
	lexical, dense := words.score(chunks), vectors.score(chunks)
	candidates := make([]fusion.Candidate, len(chunks))
	for i, c := range chunks {
		candidates[i] = fusion.Candidate{Chunk: c.Chunk, Lexical: lexical[i], Dense: dense[i]}
	}
	return fusion.Rank(candidates, weight)
}

func (x *Index) hits(ranked []fusion.Scored) []Hit {
	var hits []Hit
	for _, s := range ranked {
		at, document, found := x.find(s.Chunk)
		if !found {
			continue
		}
		v := &x.views[at.view]
		id, attributes, _, _ := v.Document(document)
		start, end, heading := v.Span(at.chunk)
		hits = append(hits, Hit{id, bytes.Clone(attributes), Chunk{int(start), int(end), heading}, s.Score})
	}
	return hits
}
