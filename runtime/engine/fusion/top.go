package fusion

import (
	"container/heap"
	"slices"

	"github.com/google/uuid"
)

// Depth is how many chunks of each leg are ranked together.
const Depth = 100

// Top keeps the best chunks offered to it. Those of several divisions, offered to one
// Top, are those of the whole.
type Top struct {
	limit, perDocument int
	worst              worstFirst
	of                 map[uuid.UUID]kept
}

// kept is what a Top keeps of a document.
type kept struct {
	chunks int
	worst  Scored // when there are as many as there may be
}

// NewTop returns a Top that keeps limit chunks, at most perDocument of one document;
// zero is any number.
func NewTop(limit, perDocument int) *Top {
	return &Top{limit: max(0, limit), perDocument: perDocument, of: map[uuid.UUID]kept{}}
}

// Offer offers a chunk, each once. A score that is not a number is refused.
func (t *Top) Offer(s Scored) {
	of := t.of[s.Document]
	switch {
	case s.Score != s.Score || t.limit == 0:
	case t.perDocument > 0 && of.chunks == t.perDocument:
		if compareScored(s, of.worst) < 0 {
			t.replace(slices.Index(t.worst, of.worst), s)
		}
	case len(t.worst) < t.limit:
		heap.Push(&t.worst, s)
		t.count(s.Document, 1)
	case compareScored(s, t.worst[0]) < 0:
		t.replace(0, s)
	}
}

// replace puts s in the place of a chunk that is worse.
func (t *Top) replace(at int, s Scored) {
	gone := t.worst[at]
	t.worst[at] = s
	heap.Fix(&t.worst, at)
	t.count(gone.Document, -1)
	t.count(s.Document, 1)
}

// count counts a document's chunks, and finds its worst when they are as many as
// there may be.
func (t *Top) count(document uuid.UUID, more int) {
	if t.perDocument == 0 {
		return
	}
	of := kept{chunks: t.of[document].chunks + more}
	if of.chunks == t.perDocument {
		of.worst = t.worstOf(document)
	}
	t.of[document] = of
}

func (t *Top) worstOf(document uuid.UUID) (worst Scored) {
	found := false
	for _, s := range t.worst {
		if s.Document == document && (!found || compareScored(s, worst) > 0) {
			worst, found = s, true
		}
	}
	return worst
}

// Admits tells whether a chunk of this score may be among the best.
func (t *Top) Admits(score float64) bool {
	return len(t.worst) < t.limit || t.limit > 0 && score >= t.worst[0].Score
}

// Best returns the chunks kept, best first.
func (t *Top) Best() []Scored {
	best := slices.Clone([]Scored(t.worst))
	slices.SortFunc(best, compareScored)
	return best
}

// worstFirst is a heap with the worst on top.
type worstFirst []Scored

// Len implements heap.Interface.
func (w worstFirst) Len() int { return len(w) }

// Less implements heap.Interface.
func (w worstFirst) Less(i, j int) bool { return compareScored(w[i], w[j]) > 0 }

// Swap implements heap.Interface.
func (w worstFirst) Swap(i, j int) { w[i], w[j] = w[j], w[i] }

// Push implements heap.Interface.
func (w *worstFirst) Push(s any) { *w = append(*w, s.(Scored)) }

// Pop implements heap.Interface.
func (w *worstFirst) Pop() any {
	old := *w
	last := old[len(old)-1]
	*w = old[:len(old)-1]
	return last
}
