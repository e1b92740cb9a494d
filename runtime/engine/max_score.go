package engine

import (
	"cmp"
	"slices"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
)

// windowChunks is how many chunks are scored together.
const windowChunks = 1024

// maxScore finds the chunks of a view that score best, without a look at those that
// can not be among them: block-max MaxScore (Turtle and Flood, 1995; Ding and Suel,
// "Faster Top-k Document Retrieval Using Block-Max Indexes", 2011). In each window of
// chunks the terms that are worth least are optional: together, by what their blocks
// say they are worth at most, they make no chunk good enough. Only chunks that have
// another term are scored, and the optional ones are looked up as long as it matters.
type maxScore struct {
	view  *view
	lists []list
	best  *fusion.Top
	sums  [windowChunks]points
}

func (v *view) rank(w words, best *fusion.Top) {
	s := maxScore{view: v, lists: v.lists(w), best: best}
	for from := 0; from < v.Chunks(); from += windowChunks {
		s.window(uint32(from), uint32(min(from+windowChunks, v.Chunks())))
	}
}

// lists are those of the terms that the view has.
func (v *view) lists(w words) []list {
	lists := make([]list, 0, len(w.terms))
	for _, term := range w.terms {
		if l := newList(v, w.model, term); l.count > 0 {
			lists = append(lists, l)
		}
	}
	return lists
}

// window offers the chunks [from, end).
func (s *maxScore) window(from, end uint32) {
	for i := range s.lists {
		s.lists[i].bound(from, end)
	}
	slices.SortFunc(s.lists, func(a, b list) int { return cmp.Compare(a.most, b.most) })
	optional, rest := 0, points(0)
	for optional < len(s.lists) && !s.best.Admits((rest + s.lists[optional].most).score()) {
		rest += s.lists[optional].most
		optional++
	}
	if optional == len(s.lists) {
		return
	}
	for i := optional; i < len(s.lists); i++ {
		s.lists[i].addTo(s.sums[:], from, end)
	}
	for i, sum := range s.sums[:end-from] {
		if sum > 0 {
			s.sums[i] = 0
			s.offer(from+uint32(i), sum, s.lists[:optional], rest)
		}
	}
}

// offer offers a chunk. Its sum is without the optional terms, which are worth rest at
// most.
func (s *maxScore) offer(chunk uint32, sum points, optional []list, rest points) {
	for i := len(optional) - 1; i >= 0 && s.best.Admits((sum + rest).score()); i-- {
		rest -= optional[i].most
		if optional[i].seek(chunk) == chunk {
			sum += optional[i].points()
		}
	}
	if score := (sum + rest).score(); s.best.Admits(score) && s.view.lives(chunk) {
		s.best.Offer(fusion.Scored{Chunk: s.view.name(chunk), Score: score})
	}
}
