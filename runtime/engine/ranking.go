package engine

import (
	"container/heap"
	"slices"
)

// ranking keeps the best candidates offered to it, up to a limit, as a heap with
// the worst on top.
type ranking struct {
	candidates []candidate
	limit      int
}

// admits tells whether a candidate of this score may be among the best.
func (r *ranking) admits(score float64) bool {
	return len(r.candidates) < r.limit || score >= r.candidates[0].score
}

func (r *ranking) offer(c candidate) {
	if len(r.candidates) < r.limit {
		heap.Push(r, c)
	} else if compare(c, r.candidates[0]) < 0 {
		r.candidates[0] = c
		heap.Fix(r, 0)
	}
}

// sorted returns the best as hits.
func (r *ranking) sorted() []Hit {
	slices.SortFunc(r.candidates, compare)
	var hits []Hit
	for _, c := range r.candidates {
		hits = append(hits, c.hit())
	}
	return hits
}

// Len implements heap.Interface.
func (r *ranking) Len() int { return len(r.candidates) }

// Less implements heap.Interface.
func (r *ranking) Less(i, j int) bool { return compare(r.candidates[i], r.candidates[j]) > 0 }

// Swap implements heap.Interface.
func (r *ranking) Swap(i, j int) {
	r.candidates[i], r.candidates[j] = r.candidates[j], r.candidates[i]
}

// Push implements heap.Interface.
func (r *ranking) Push(c any) { r.candidates = append(r.candidates, c.(candidate)) }

// Pop implements heap.Interface.
func (r *ranking) Pop() any {
	last := r.candidates[len(r.candidates)-1]
	r.candidates = r.candidates[:len(r.candidates)-1]
	return last
}
