package engine

import (
	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// words are what a query asks for, weighed by an index's statistics.
type words struct {
	model bm25
	terms []queryTerm
}

func (x *Index) words(query string) words {
	_, chunks := x.Len()
	model := bm25{chunks: float64(chunks), length: max(1, float64(x.length())) / float64(chunks)}
	return words{model, x.queryTerms(query, model)}
}

// wordLeg ranks by BM25.
func (x *Index) wordLeg(w words, best *fusion.Top) leg {
	scores := make([][]float64, len(x.views))
	for i := range x.views {
		v := &x.views[i]
		scores[i] = v.weigh(w)
		for chunk, score := range scores[i] {
			if score > 0 && best.Admits(score) && v.lives(uint32(chunk)) {
				best.Offer(fusion.Scored{Chunk: v.name(uint32(chunk)), Score: score})
			}
		}
	}
	return leg{best.Best(), func(at place) float64 { return scores[at.view][at.chunk] }}
}

// queryTerm is a distinct term of a query.
type queryTerm struct {
	text   string
	weight float64 // its rarity, as often as the query has it
}

// queryTerms looks up the terms of query, in the order in which it has them, so
// that scores add up alike however the index is divided.
func (x *Index) queryTerms(query string, model bm25) []queryTerm {
	var found []queryTerm
	for _, c := range Count(language.NewAnalyser(x.language).ContentTerms(query)) {
		frequency := 0
		for i := range x.views {
			frequency += x.views[i].frequency(c.Term)
		}
		if frequency > 0 {
			found = append(found, queryTerm{c.Term, float64(c.Count) * model.rarity(frequency)})
		}
	}
	return found
}

// weigh scores the chunks of a view, term by term.
func (v *view) weigh(w words) []float64 {
	scores := make([]float64, v.Chunks())
	for _, term := range w.terms {
		for cursor := v.cursor(term.text); cursor.Next(); {
			for i, chunk := range cursor.Chunks {
				scores[chunk] += term.weight * w.model.weight(cursor.Counts[i], v.Length(chunk))
			}
		}
	}
	return scores
}
