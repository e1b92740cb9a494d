package vector

import (
	"math"
	"slices"
)

// scores are the k best of those that are added.
type scores struct {
	k     int
	kept  []float64 // in rising order
	least float64   // what is not above is not among them, or makes no difference
}

func newScores(k int) scores { return scores{k: k, least: math.Inf(-1)} }

func (s *scores) add(score float64) {
	if score <= s.least {
		return
	}
	at, _ := slices.BinarySearch(s.kept, score)
	if len(s.kept) < s.k {
		s.kept = slices.Insert(s.kept, at, score)
	} else {
		copy(s.kept, s.kept[1:at])
		s.kept[at-1] = score
	}
	if len(s.kept) == s.k {
		s.least = s.kept[0]
	}
}
