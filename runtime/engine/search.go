package engine

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// Hit is a chunk that a search found.
type Hit struct {
	Document uuid.UUID
	Chunk    Chunk
	Score    float64
}

// Search returns the k best chunks for query by BM25 over title, headings and text,
// best first, of equals the one first by document and place. No chunk is returned
// that has none of the query's content words.
func (x *Index) Search(query string, k int) []Hit {
	_, chunks := x.Len()
	if k <= 0 || chunks == 0 {
		return nil
	}
	model := bm25{chunks: float64(chunks), length: max(1, float64(x.words())) / float64(chunks)}
	terms := x.queryTerms(query, model)
	best := ranking{limit: min(k, chunks)}
	for i := range x.views {
		x.views[i].rank(terms, i, model, &best)
	}
	slices.SortFunc(best.hits, compareHits)
	return best.hits
}

// queryTerm is a distinct term of a query.
type queryTerm struct {
	weight   float64     // its rarity, as often as the query has it
	postings [][]posting // in each of the index's views
}

// queryTerms looks up the terms of query, in the order in which it has them, so
// that scores add up alike however the index is divided.
func (x *Index) queryTerms(query string, model bm25) []queryTerm {
	var order []string
	counts := map[string]int{}
	for term := range language.NewAnalyser(x.language).ContentTerms(query) {
		if counts[term]++; counts[term] == 1 {
			order = append(order, term)
		}
	}
	var found []queryTerm
	for _, term := range order {
		postings := make([][]posting, len(x.views))
		frequency := 0
		for i := range x.views {
			postings[i] = x.views[i].find(term)
			frequency += x.views[i].frequency(postings[i])
		}
		if frequency > 0 {
			found = append(found, queryTerm{float64(counts[term]) * model.rarity(frequency), postings})
		}
	}
	return found
}

// rank scores the chunks of the i-th view, term by term, and offers them to best.
func (v *view) rank(terms []queryTerm, i int, model bm25, best *ranking) {
	scores := make([]float64, len(v.chunks))
	for _, term := range terms {
		for _, p := range term.postings[i] {
			scores[p.chunk] += term.weight * model.weight(p.count, v.lengths[p.chunk])
		}
	}
	for at, score := range scores {
		if score > 0 && best.admits(score) && !v.isDead(v.chunks[at].document) {
			best.offer(Hit{v.documents[v.chunks[at].document], v.chunks[at].Chunk, score})
		}
	}
}

// compareHits orders hits from best to worst.
func compareHits(a, b Hit) int {
	return cmp.Or(
		cmp.Compare(b.Score, a.Score),
		bytes.Compare(a.Document[:], b.Document[:]),
		cmp.Compare(a.Chunk.Start, b.Chunk.Start),
		cmp.Compare(a.Chunk.End, b.Chunk.End),
	)
}

// ranking keeps the best hits offered to it, up to a limit, as a heap with the
// worst on top.
type ranking struct {
	hits  []Hit
	limit int
}

// admits tells whether a hit of this score may be among the best.
func (r *ranking) admits(score float64) bool {
	return len(r.hits) < r.limit || score >= r.hits[0].Score
}

func (r *ranking) offer(hit Hit) {
	if len(r.hits) < r.limit {
		heap.Push(r, hit)
	} else if compareHits(hit, r.hits[0]) < 0 {
		r.hits[0] = hit
		heap.Fix(r, 0)
	}
}

// Len implements heap.Interface.
func (r *ranking) Len() int { return len(r.hits) }

// Less implements heap.Interface.
func (r *ranking) Less(i, j int) bool { return compareHits(r.hits[i], r.hits[j]) > 0 }

// Swap implements heap.Interface.
func (r *ranking) Swap(i, j int) { r.hits[i], r.hits[j] = r.hits[j], r.hits[i] }

// Push implements heap.Interface.
func (r *ranking) Push(hit any) { r.hits = append(r.hits, hit.(Hit)) }

// Pop implements heap.Interface.
func (r *ranking) Pop() any {
	last := r.hits[len(r.hits)-1]
	r.hits = r.hits[:len(r.hits)-1]
	return last
}
