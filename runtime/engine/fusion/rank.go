package fusion

import (
	"math"
	"slices"

	"github.com/google/uuid"
)

// Candidate is a chunk that either leg found, with the exact score of both.
type Candidate struct {
	Chunk
	Lexical float64 // BM25; 0 when it has none of the question's words
	Dense   float64 // cosine
}

// Union returns the distinct chunks of the legs, in the order of their names.
func Union(legs ...[]Scored) []Chunk {
	var chunks []Chunk
	for _, leg := range legs {
		for _, s := range leg {
			chunks = append(chunks, s.Chunk)
		}
	}
	slices.SortFunc(chunks, Chunk.Compare)
	return slices.Compact(chunks)
}

// Rank orders distinct candidates from best to worst by a weighted sum of both scores,
// each scaled so that the candidates' worst is 0 and their best 1. weight, 0 to 1, is the
// dense leg's share and belongs to the embedder. A leg in which all are equal says
// nothing and counts 0. Equals are in the order of their names.
func Rank(candidates []Candidate, weight float64) []Scored {
	lexical, dense := noRange, noRange
	for _, c := range candidates {
		lexical.include(c.Lexical)
		dense.include(c.Dense)
	}
	ranked := make([]Scored, len(candidates))
	for i, c := range candidates {
		ranked[i] = Scored{c.Chunk, (1-weight)*lexical.scale(c.Lexical) + weight*dense.scale(c.Dense)}
	}
	slices.SortFunc(ranked, compareScored)
	return ranked
}

// Limit keeps of ranked chunks the first of each document, perDocument of them; zero
// keeps all.
func Limit(ranked []Scored, perDocument int) []Scored {
	if perDocument == 0 {
		return ranked
	}
	of := map[uuid.UUID]int{}
	return slices.DeleteFunc(ranked, func(s Scored) bool {
		of[s.Document]++
		return of[s.Document] > perDocument
	})
}

// scoreRange is the range of a leg's scores.
type scoreRange struct{ least, most float64 }

var noRange = scoreRange{math.Inf(1), math.Inf(-1)}

func (r *scoreRange) include(score float64) {
	r.least, r.most = min(r.least, score), max(r.most, score)
}

func (r scoreRange) scale(score float64) float64 {
	if r.most <= r.least {
		return 0
	}
	return (score - r.least) / (r.most - r.least)
}
