package engine

import (
	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
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
	for i := range x.views {
		x.views[i].rank(w, best)
	}
	return leg{best.Best(), func(chunks []located) []float64 { return x.weigh(w, chunks) }}
}

// weigh scores chunks, which come in the order of their places.
func (x *Index) weigh(w words, chunks []located) []float64 {
	scores, view, lists := make([]float64, len(chunks)), -1, []list(nil)
	for i, c := range chunks {
		if c.view != view {
			view, lists = c.view, x.views[c.view].lists(w)
		}
		sum := points(0)
		for j := range lists {
			if lists[j].seek(c.chunk) == c.chunk {
				sum += lists[j].points()
			}
		}
		scores[i] = sum.score()
	}
	return scores
}

// queryTerm is a distinct term of a query.
type queryTerm struct {
	text   string
	rarity float64 // as often as the query has it
}

// queryTerms looks up the terms of query.
func (x *Index) queryTerms(query string, model bm25) []queryTerm {
	var found []queryTerm
	for _, c := range countQuery(language.NewAnalyser(x.language), query) {
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

// countQuery counts the terms of a query's content words; of a query that has none, as
// "WHO" or "IT", those of all its words.
func countQuery(analyser *language.Analyser, query string) []lsa.Count {
	if content := Count(analyser.ContentTerms(query)); len(content) > 0 {
		return content
	}
	return Count(analyser.Terms(query))
}
