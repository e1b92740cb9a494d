package corpus

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// TestSegmentsStayFew: one by one, many segments are added; what is due is merged.
// Their number stays logarithmic, and so does how often a byte is rewritten.
func TestSegmentsStayFew(t *testing.T) {
	const added, size = 20_000, 3000
	var all []weighed
	rewritten := uint64(0)
	for range added {
		all = append(all, weighed{member: sized(size, 1)})
		chosen := due(all)
		merged := sized(0, 0)
		all = slices.DeleteFunc(all, func(w weighed) bool {
			if !slices.Contains(chosen, w.member) {
				return false
			}
			merged.lexicon.bytes += w.lexicon.bytes
			merged.documents += w.documents
			return true
		})
		if len(chosen) > 0 {
			all = append(all, weighed{member: merged})
			rewritten += uint64(merged.lexicon.bytes)
		}
		if len(all) >= maxSegments {
			t.Fatalf("%d segments", len(all))
		}
	}
	if often, bound := rewritten/(added*size), uint64(bits.Len(added)/tierBits+1); often > bound {
		t.Errorf("a byte is rewritten %d times, at most %d", often, bound)
	}
}

// TestMergesAreBounded: however large an index grows, no merge takes more than it may,
// and there is one as long as something is due.
func TestMergesAreBounded(t *testing.T) {
	const added, size = 3000, 8 << 20
	var all []weighed
	for range added {
		all = append(all, weighed{member: sized(size, 1)})
		chosen := due(all)
		if len(chosen) == 1 {
			t.Fatalf("one of %d bytes is merged", chosen[0].bytes())
		}
		merged := sized(0, 0)
		for _, m := range chosen {
			merged.lexicon.bytes += m.lexicon.bytes
		}
		if merged.bytes() > mergeBytes {
			t.Fatalf("%d bytes are merged", merged.bytes())
		}
		if len(chosen) > 0 {
			all = slices.DeleteFunc(all, func(w weighed) bool { return slices.Contains(chosen, w.member) })
			all = append(all, weighed{member: merged})
		}
		small := slices.DeleteFunc(slices.Clone(all), weighed.large)
		if len(small) > 2*tierSegments {
			t.Fatalf("%d segments wait to be merged", len(small))
		}
	}
	if dead := (weighed{sized(mergeBytes, 4), 1}); !slices.Equal(due([]weighed{dead}), []member{dead.member}) {
		t.Error("a large segment is not cleaned")
	}
}

func TestDeadDocumentsAreCleanedAway(t *testing.T) {
	many := weighed{sized(1<<20, 100), 25}
	few := weighed{sized(1<<20, 100), 24}
	none := weighed{sized(1<<20, 100), 0}
	all := []weighed{none, many, few}
	if got := due(all); !slices.Equal(got, []member{many.member}) {
		t.Errorf("due are %v", got)
	}
	if got := unclean(all); !slices.Equal(got, []member{many.member, few.member}) {
		t.Errorf("unclean are %v", got)
	}
	if got := anything([]weighed{none}); !slices.Equal(got, []member{none.member}) {
		t.Errorf("when something has to be merged, %v is", got)
	}
}

// TestCrowded: who waited while others merged a full index has nothing left to merge.
func TestCrowded(t *testing.T) {
	var all []weighed
	for range maxSegments {
		all = append(all, weighed{member: sized(1<<20, 100)})
	}
	if got := crowded(all); len(got) == 0 {
		t.Error("nothing is merged of a full index")
	}
	if got := crowded(all[1:]); len(got) > 0 {
		t.Errorf("%d segments are merged of an index with room", len(got))
	}
	if got := crowded([]weighed{{sized(1<<20, maxDead), maxDead}}); len(got) != 1 {
		t.Error("the dead stay, though there is no room for more")
	}
}

func sized(bytes, documents uint32) member {
	return member{lexicon: pinned{object: uuid.New(), bytes: bytes}, documents: documents}
}
