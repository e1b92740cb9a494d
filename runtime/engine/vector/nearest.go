package vector

import "slices"

const (
	// exactRows is how many rows are all compared with a query.
	exactRows = 100_000
	// fewDimensions is of how many a vector's signs say too little to choose by them.
	fewDimensions = 64
	// chosen is one in how many rows the signs choose at most: of vectors that have
	// nothing in common at all so many are needed, of others a third.
	chosen = 20
	// ahead is how many times as many as are looked for are compared first.
	ahead = 4
)

// Limit is how many rows are looked for.
type Limit struct {
	Rows    int
	OfGroup int // of them in one Group of a source; zero: any number
}

// Nearest visits kept rows of sources with their Score, each once and in no order: those
// nearest to the query up to the limit, and those as near as the last of them. live is
// the number of all rows that are kept. Above 100,000 the nearest are looked for among
// the twentieth that promises most to be near, so that one in a hundred may be missing,
// and more if few groups have all of that. Neither how rows are divided into sources,
// their groups undivided, nor rows that are not kept change what is visited. Nothing is
// near to a query of zeros or of other dimensions than the rows.
func (q *Query) Nearest(sources []Source, live int, limit Limit, visit func(source int, row uint32, score float64)) {
	unfit := func(s Source) bool { return !q.fits(s.Rows) }
	if limit.Rows <= 0 || q.scale == 0 || slices.ContainsFunc(sources, unfit) {
		return
	}
	s := search{Query: q, sources: sources, scores: newScores(limit)}
	if live <= exactRows || len(q.values) < fewDimensions {
		s.compareAll()
	} else {
		s.compareMany(max(limit.Rows, live/chosen))
	}
	for _, n := range s.near {
		if s.scores.admits(n.score, s.groupOf(n.source, n.row)) {
			visit(int(n.source), n.row, n.score)
		}
	}
}

// search is one call of Nearest.
type search struct {
	*Query
	sources []Source
	scores  scores
	near    []near // all of the nearest, and some others
}

type near struct {
	source, row uint32
	score       float64
}

// coarse is a row that may be among the nearest, by its 8-bit values.
type coarse struct {
	source, row uint32
	product     int32
}

// batch is how many rows are multiplied at a time.
const batch = 256

// groupOf is the group that a row counts in, if groups count at all.
func (s *search) groupOf(source, row uint32) group {
	if s.scores.limit.OfGroup == 0 {
		return group{}
	}
	return group{source, s.sources[source].Group(row)}
}

// compareAll scores those rows that may be among the nearest by their 8-bit values:
// where as many others as there may be score more at least, a row that scores less at
// most is not.
func (s *search) compareAll() {
	var promising []coarse
	var buffer [batch]int32
	floor := newScores(s.scores.limit)
	for i := range s.sources {
		source := &s.sources[i]
		for first := 0; first < source.Len(); first += batch {
			found := buffer[:min(batch, source.Len()-first)]
			products(s.values, source.values, uint32(first), found)
			for j, product := range found {
				row := uint32(first + j)
				most := s.most(source.Rows, row, product)
				if most < floor.least || !source.keeps(row) {
					continue
				}
				if of := s.groupOf(uint32(i), row); floor.admits(most, of) {
					promising = append(promising, coarse{uint32(i), row, product})
					floor.add(s.least(source.Rows, row, product), of)
				}
			}
		}
	}
	for _, p := range promising {
		if floor.admits(s.most(s.sources[p.source].Rows, p.row, p.product), s.groupOf(p.source, p.row)) {
			s.add(p)
		}
	}
}

func (s *search) add(c coarse) {
	score := s.score(s.sources[c.source].Rows, c.row, c.product)
	s.scores.add(score, s.groupOf(c.source, c.row))
	s.near = append(s.near, near{c.source, c.row, score})
}

// compareMany scores the most promising rows, and then, of the others that promise as
// much as the last of the best scores found, the most promising up to a limit.
func (s *search) compareMany(limit int) {
	promises := s.promises()
	first := newCandidates(min(ahead*s.scores.limit.Rows, limit), minusInfinity, -minusInfinity)
	s.choose(promises, first)
	s.compareBest(first.kept)
	others := newCandidates(limit, s.floor(), first.floor)
	s.choose(promises, others)
	for n := limit / 64; len(others.kept) > 0; n *= 2 {
		var best []candidate
		best, others.kept = mostPromising(others.kept, n)
		s.compareBest(best)
		floor := s.floor()
		others.kept = slices.DeleteFunc(others.kept, func(c candidate) bool { return c.promise < floor })
	}
}

// promises are what the rows of all sources promise.
func (s *search) promises() []float32 {
	rows := 0
	for i := range s.sources {
		rows += s.sources[i].Len()
	}
	promises := make([]float32, rows)
	rest := promises
	for i := range s.sources {
		rest = s.planes.promise(s.sources[i].Rows, rest)
	}
	return promises
}

// choose offers rows by their promises.
func (s *search) choose(promises []float32, to *candidates) {
	for i := range s.sources {
		source := &s.sources[i]
		for row, promise := range promises[:source.Len()] {
			if to.admits(promise) && source.keeps(uint32(row)) {
				to.offer(candidate{uint32(i), uint32(row), promise})
			}
		}
		promises = promises[source.Len():]
	}
	to.shrink()
}

func (s *search) compareBest(best []candidate) {
	for _, b := range best {
		rows := s.sources[b.source].Rows
		if product := s.product(rows, b.row); s.scores.admits(s.most(rows, b.row, product), s.groupOf(b.source, b.row)) {
			s.add(coarse{b.source, b.row, product})
		}
	}
}

// floor is what a row has to promise to be among the best.
func (s *search) floor() float32 { return float32(s.scores.least / float64(s.planes.scale)) }
