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
	of                 map[uuid.UUID]int // how many of each document are kept
}

// NewTop returns a Top that keeps limit chunks, at most perDocument of one document;
// zero is any number.
func NewTop(limit, perDocument int) *Top {
	return &Top{limit: max(0, limit), perDocument: perDocument, of: map[uuid.UUID]int{}}
}

// Offer offers a chunk, each once. A score that is not a number is refused.
func (t *Top) Offer(s Scored) {
	switch {
	case s.Score != s.Score || t.limit == 0:
	case t.perDocument > 0 && t.of[s.Document] == t.perDocument:
		t.replace(t.worstOf(s.Document), s)
	case len(t.worst) < t.limit:
		t.of[s.Document]++
		heap.Push(&t.worst, s)
	default:
		t.replace(0, s)
	}
}

// replace puts s in the place of a chunk that is worse.
func (t *Top) replace(at int, s Scored) {
	if compareScored(s, t.worst[at]) < 0 {
		t.of[t.worst[at].Document]--
		t.of[s.Document]++
		t.worst[at] = s
		heap.Fix(&t.worst, at)
	}
}

// worstOf is where the worst chunk of a document is.
func (t *Top) worstOf(document uuid.UUID) (at int) {
	at = -1
	for i, s := range t.worst {
		if s.Document == document && (at < 0 || compareScored(s, t.worst[at]) > 0) {
			at = i
		}
	}
	return at
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
