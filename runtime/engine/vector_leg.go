package engine

import (
	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// vectorLeg ranks by the cosine of the chunks' vectors with the query's: the best, at
// most perDocument of one document; zero is any number. What is not related at all, 0 or
// less, is left out.
func (x *Index) vectorLeg(of []float32, depth, perDocument int) leg {
	_, chunks := x.Len()
	query := vector.NewQuery(of)
	var sources []vector.Source
	for i := range x.views {
		source := vector.Source{Rows: x.views[i].vectors, Group: x.views[i].DocumentOf}
		if x.views[i].dead != nil {
			source.Keep = x.views[i].lives
		}
		sources = append(sources, source)
	}
	best := fusion.NewTop(depth, perDocument)
	query.Nearest(sources, chunks, vector.Limit{Rows: depth, OfGroup: perDocument}, func(view int, chunk uint32, score float64) {
		if score > 0 && best.Admits(score) {
			best.Offer(fusion.Scored{Chunk: x.views[view].name(chunk), Score: score})
		}
	})
	return leg{best.Best(), func(chunks []located) []float64 {
		scores := make([]float64, len(chunks))
		for i, c := range chunks {
			scores[i] = query.Score(x.views[c.view].vectors, c.chunk)
		}
		return scores
	}}
}
