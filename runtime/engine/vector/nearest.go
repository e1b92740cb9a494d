package vector

import "slices"

const (
	// exactRows is how many rows are all compared with a query.
	exactRows = 100_000
	// fewDimensions is of how many a vector's signs say too little to choose by them.
	fewDimensions = 64
	// chosen is one in how many rows the signs choose at most.
	chosen = 20
)

// Nearest visits kept rows of sources with their Score: the k nearest to the query,
// those as near as the last of them, and some others, each once and in no order; the
// visitor chooses. live is the number of all rows that are kept. Above 100,000 the
// nearest are looked for among those that promise to be near, so that one in a hundred
// may be missing. Neither how rows are divided into sources nor rows that are not kept
// change which are the nearest.
func (q *Query) Nearest(sources []Source, live, k int, visit func(source int, row uint32, score float64)) {
	if k <= 0 || q.scale == 0 {
		return
	}
	s := search{Query: q, sources: sources, scores: newScores(k), visit: visit}
	for i := range sources {
		q.check(sources[i].Rows)
	}
	if live <= exactRows || len(q.values) < fewDimensions {
		s.compareAll()
	} else {
		s.compareBest(s.promising(max(k, live/chosen)))
	}
}

// search is one call of Nearest.
type search struct {
	*Query
	sources []Source
	scores  scores
	visit   func(source int, row uint32, score float64)
}

// compareAll visits what, by the 8-bit values, may be among the nearest.
func (s *search) compareAll() {
	for i := range s.sources {
		source := &s.sources[i]
		for row := range uint32(source.Len()) {
			coarse := product(s.values, source.values.at(row))
			if s.bound(source.Rows, row, coarse) >= s.scores.least && source.keeps(row) {
				s.found(i, row, coarse)
			}
		}
	}
}

// found visits a row by its product with the query.
func (s *search) found(source int, row uint32, coarse int32) {
	score := s.score(s.sources[source].Rows, row, coarse)
	s.scores.add(score)
	s.visit(source, row, score)
}

// promising scans the signs for the most promising rows.
func (s *search) promising(limit int) []candidate {
	best := newCandidates(limit)
	for i := range s.sources {
		source := &s.sources[i]
		for row := range uint32(source.Len()) {
			product := s.planes.product(source.signs.at(row)) + s.planes.doubt
			promise := source.shares.float(row) * float32(product)
			if promise >= best.floor && source.keeps(row) {
				best.offer(candidate{uint32(i), row, promise})
			}
		}
	}
	best.shrink()
	return best.kept
}

// compareBest visits candidates, the most promising first, until what is left promises
// less than the k-th best score found.
func (s *search) compareBest(rest []candidate) {
	for take := 4 * s.scores.k; len(rest) > 0; take *= 2 {
		var round []candidate
		round, rest = mostPromising(rest, take)
		for _, c := range round {
			coarse := product(s.values, s.sources[c.source].values.at(c.row))
			if s.bound(s.sources[c.source].Rows, c.row, coarse) >= s.scores.least {
				s.found(int(c.source), c.row, coarse)
			}
		}
		least := s.scores.shrink()
		rest = slices.DeleteFunc(rest, func(c candidate) bool { return float64(c.promise)*float64(s.planes.scale) < least })
	}
}
