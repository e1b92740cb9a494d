package vector

import (
	"math"
	"slices"
)

// scores are the best of those that are added, up to a limit.
type scores struct {
	best
	limit  Limit
	groups map[group]*best // of a limit of groups only

	recent   group // rows of a group follow one another
	ofRecent *best
}

// group is one of a source.
type group struct{ source, number uint32 }

func newScores(limit Limit) scores {
	return scores{best: newBest(limit.Rows), limit: limit, groups: map[group]*best{}}
}

// admits reports whether a score of a group may be among the best, or as good as the
// last of them.
func (s *scores) admits(score float64, of group) bool {
	return score >= s.least && (s.limit.OfGroup == 0 || score >= s.in(of).least)
}

func (s *scores) add(score float64, of group) {
	if score > s.least && (s.limit.OfGroup == 0 || s.addTo(s.in(of), score)) {
		s.best.add(score)
	}
}

// addTo adds a score to a group, whose worst makes room for it if it is full, and reports
// whether it is among its best.
func (s *scores) addTo(group *best, score float64) bool {
	if score <= group.least {
		return false
	}
	if len(group.kept) == group.n {
		s.remove(group.least)
	}
	group.add(score)
	return true
}

// in is what is kept of a group.
func (s *scores) in(of group) *best {
	if s.ofRecent != nil && s.recent == of {
		return s.ofRecent
	}
	kept, there := s.groups[of]
	if !there {
		made := newBest(s.limit.OfGroup)
		kept = &made
		s.groups[of] = kept
	}
	s.recent, s.ofRecent = of, kept
	return kept
}

// best are the n best of the scores that are added.
type best struct {
	n     int
	kept  []float64 // in rising order
	least float64   // what is not above is not among them, or makes no difference
}

func newBest(n int) best { return best{n: n, least: math.Inf(-1)} }

func (b *best) add(score float64) {
	if score <= b.least {
		return
	}
	at, _ := slices.BinarySearch(b.kept, score)
	if len(b.kept) < b.n {
		b.kept = slices.Insert(b.kept, at, score)
	} else {
		copy(b.kept, b.kept[1:at])
		b.kept[at-1] = score
	}
	if len(b.kept) == b.n {
		b.least = b.kept[0]
	}
}

// remove makes room for a better score.
func (b *best) remove(score float64) {
	if at, there := slices.BinarySearch(b.kept, score); there {
		b.kept = slices.Delete(b.kept, at, at+1)
	}
}
