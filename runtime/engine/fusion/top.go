package fusion

import (
	"container/heap"
	"slices"
)

// Depth is how many chunks of each leg are ranked together.
const Depth = 100

// Top keeps the best chunks offered to it. Those of several divisions, offered to one
// Top, are those of the whole.
type Top struct {
	limit int
	worst worstFirst
}

// NewTop returns a Top that keeps limit chunks.
func NewTop(limit int) *Top { return &Top{limit: max(0, limit)} }

// Offer offers a chunk, each once. A score that is not a number is refused.
func (t *Top) Offer(s Scored) {
	switch {
	case s.Score != s.Score || t.limit == 0:
	case len(t.worst) < t.limit:
		heap.Push(&t.worst, s)
	case compareScored(s, t.worst[0]) < 0:
		t.worst[0] = s
		heap.Fix(&t.worst, 0)
	}
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
