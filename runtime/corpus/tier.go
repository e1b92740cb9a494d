package corpus

import (
	"cmp"
	"math/bits"
	"slices"
)

// weighed is a segment and how many of its documents are dead.
type weighed struct {
	member
	dead uint32
}

const (
	tierSegments = 8       // of one tier are merged
	tierBase     = 4 << 10 // bytes, below which all segments are of one tier
	tierBits     = 3       // each tier is 8 times the one below
	deadShare    = 4       // a segment of which 1 in so many documents is dead is rewritten
)

// tier is which segments are about as large.
func (w weighed) tier() int { return (bits.Len32(w.lexicon.bytes/tierBase) + tierBits - 1) / tierBits }

// due chooses the segments to merge: those of a tier that is full, with all of the
// tiers below, so that a document is rewritten a number of times that is
// logarithmic in the index, and those that hold many dead. None is chosen when
// nothing is due.
func due(all []weighed) []member {
	counts := map[int]int{}
	for _, w := range all {
		counts[w.tier()]++
	}
	full := -1
	for tier, n := range counts {
		if n >= tierSegments {
			full = max(full, tier)
		}
	}
	return choose(all, func(w weighed) bool { return w.tier() <= full || w.dead*deadShare >= max(w.documents, 1) })
}

// unclean chooses the segments that hold dead documents.
func unclean(all []weighed) []member { return choose(all, func(w weighed) bool { return w.dead > 0 }) }

// anything chooses what is due, and where nothing is, the smaller half.
func anything(all []weighed) []member {
	if chosen := due(all); len(chosen) > 0 {
		return chosen
	}
	if chosen := unclean(all); len(chosen) > 0 {
		return chosen
	}
	sorted := slices.SortedFunc(slices.Values(all), func(a, b weighed) int { return cmp.Compare(a.lexicon.bytes, b.lexicon.bytes) })
	return choose(sorted[:(len(sorted)+1)/2], func(weighed) bool { return true })
}

func choose(all []weighed, chosen func(weighed) bool) []member {
	var members []member
	for _, w := range all {
		if chosen(w) {
			members = append(members, w.member)
		}
	}
	return members
}
