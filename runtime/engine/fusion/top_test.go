package fusion

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestTopOfEachDocument: what is kept is what sorting all that was offered gives,
// whatever the order of the offers.
func TestTopOfEachDocument(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		limit, perDocument := 1+random.IntN(8), random.IntN(4)
		top := NewTop(limit, perDocument)
		var all []Scored
		for number := range uint32(random.IntN(60)) {
			s := Scored{Chunk{uuid.UUID{byte(random.IntN(6))}, number}, float64(random.IntN(10))}
			all = append(all, s)
			if top.Admits(s.Score) {
				top.Offer(s)
			}
		}
		slices.SortFunc(all, compareScored)
		want := Limit(all, perDocument)
		want = want[:min(limit, len(want))]
		if diff := cmp.Diff(want, top.Best(), cmp.Transformer("list", func(s []Scored) []Scored { return append([]Scored{}, s...) })); diff != "" {
			t.Fatalf("%d, %d each (-want +got):\n%s", limit, perDocument, diff)
		}
	}
}
