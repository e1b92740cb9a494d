package vector

import (
	"math"
	"slices"
)

// scores are the k best of those that are added.
type scores struct {
	k     int
	kept  []float64
	least float64 // what is below is not among them
}

func newScores(k int) scores { return scores{k: k, least: math.Inf(-1)} }

func (s *scores) add(score float64) {
	s.kept = append(s.kept, score)
	if len(s.kept)/2 >= s.k {
		s.shrink()
	}
}

// shrink drops all but the k best, and returns the least of them.
func (s *scores) shrink() float64 {
	if len(s.kept) >= s.k {
		slices.Sort(s.kept)
		s.kept = append(s.kept[:0], s.kept[len(s.kept)-s.k:]...)
		s.least = s.kept[0]
	}
	return s.least
}
