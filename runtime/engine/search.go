package engine

import (
	"bytes"
	"cmp"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// Hit is a chunk that a search found.
type Hit struct {
	Document   uuid.UUID
	Attributes []byte // of the document
	Chunk      Chunk
	Score      float64
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
		x.views[i].rank(terms, model, &best)
	}
	return best.sorted()
}

// queryTerm is a distinct term of a query.
type queryTerm struct {
	text   string
	weight float64 // its rarity, as often as the query has it
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
		frequency := 0
		for i := range x.views {
			frequency += x.views[i].frequency(term)
		}
		if frequency > 0 {
			found = append(found, queryTerm{term, float64(counts[term]) * model.rarity(frequency)})
		}
	}
	return found
}

// rank scores the chunks of a view, term by term, and offers them to best.
func (v *view) rank(terms []queryTerm, model bm25, best *ranking) {
	scores := make([]float64, v.Chunks())
	for _, term := range terms {
		for cursor := v.cursor(term.text); cursor.Next(); {
			for i, chunk := range cursor.Chunks {
				scores[chunk] += term.weight * model.weight(cursor.Counts[i], v.Length(chunk))
			}
		}
	}
	for chunk, score := range scores {
		if score > 0 && best.admits(score) && v.lives(uint32(chunk)) {
			best.offer(candidate{v, uint32(chunk), score})
		}
	}
}

// candidate is a chunk that may come to be a Hit.
type candidate struct {
	view  *view
	chunk uint32
	score float64
}

func (c candidate) hit() Hit {
	id, attributes, _, _ := c.view.Document(c.view.DocumentOf(c.chunk))
	start, end, heading := c.view.Span(c.chunk)
	return Hit{id, attributes, Chunk{int(start), int(end), heading}, c.score}
}

// compare orders candidates from best to worst, of equal ones the first by document
// and place first.
func compare(a, b candidate) int {
	if a.score != b.score {
		return cmp.Compare(b.score, a.score)
	}
	idA, _, _, _ := a.view.Document(a.view.DocumentOf(a.chunk))
	idB, _, _, _ := b.view.Document(b.view.DocumentOf(b.chunk))
	startA, endA, _ := a.view.Span(a.chunk)
	startB, endB, _ := b.view.Span(b.chunk)
	return cmp.Or(bytes.Compare(idA[:], idB[:]), cmp.Compare(startA, startB), cmp.Compare(endA, endB))
}
