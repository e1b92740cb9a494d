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
	// mergeBytes bounds what is merged at a time, in memory twice and stored in one
	// transaction, however large the index is. What is more than half of it stays.
	mergeBytes = 256 << 20
)

// tier is which segments are about as large.
func (w weighed) tier() int { return (bits.Len32(w.lexicon.bytes/tierBase) + tierBits - 1) / tierBits }

// large reports whether the segment is not merged any more.
func (w weighed) large() bool { return w.bytes() > mergeBytes/2 }

// due chooses the segments to merge: those of a tier that is full, with all of the
// tiers below, so that a document is rewritten a number of times that is
// logarithmic in the index, and those that hold many dead. None is chosen when
// nothing is due.
func due(all []weighed) []member {
	counts := map[int]int{}
	for _, w := range all {
		if !w.large() {
			counts[w.tier()]++
		}
	}
	full := -1
	for tier, n := range counts {
		if n >= tierSegments {
			full = max(full, tier)
		}
	}
	return choose(all, func(w weighed) bool {
		return w.tier() <= full && !w.large() || w.dead*deadShare >= max(w.documents, 1)
	})
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
	smaller := smallestFirst(all)
	return choose(smaller[:(len(smaller)+1)/2], func(weighed) bool { return true })
}

// crowded chooses segments of an index that is full, none of one that others have merged
// meanwhile.
func crowded(all []weighed) []member {
	dead := 0
	for _, w := range all {
		dead += int(w.dead)
	}
	if !full(len(all), dead) {
		return nil
	}
	return anything(all)
}

// choose chooses the smallest first, as many as are merged at a time.
func choose(all []weighed, chosen func(weighed) bool) []member {
	var members []member
	sum := int64(0)
	for _, w := range smallestFirst(all) {
		if !chosen(w) {
			continue
		}
		if sum += w.bytes(); sum > mergeBytes && len(members) > 1 {
			break
		}
		members = append(members, w.member)
	}
	return members
}

func smallestFirst(all []weighed) []weighed {
	return slices.SortedStableFunc(slices.Values(all), func(a, b weighed) int { return cmp.Compare(a.bytes(), b.bytes()) })
}
