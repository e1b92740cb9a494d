package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// TestOptions: what is searched for with options is what is left of all hits when
// they are applied by hand, in one segment and in many.
func TestOptions(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	var parts []Part
	for i := range 40 {
		d := randomDocument(random, i)
		d.Attributes = []byte{byte(i % 3)}
		parts = append(parts, part(t, []Document{d}))
	}
	index := NewIndex(language.English, parts)
	for _, query := range []string{"w0 w1", "w2 w5 w9", "w3"} {
		all := index.Search(query, Options{K: 1000})
		for _, k := range []int{1, 7, 1000} {
			for _, perDocument := range []int{0, 1, 2} {
				for _, kind := range []byte{0, 1, 2} {
					name := fmt.Sprintf("%s, %d of %d, %d each", query, k, kind, perDocument)
					want := byHand(all, k, perDocument, kind)
					got := index.Search(query, Options{K: k, PerDocument: perDocument, Matches: func(a []byte) bool { return a[0] == kind }})
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("%s (-want +got):\n%s", name, diff)
					}
				}
			}
		}
	}
}

func byHand(all []Hit, k, perDocument int, kind byte) []Hit {
	var left []Hit
	count := map[uuid.UUID]int{}
	for _, h := range all {
		count[h.Document]++
		if h.Attributes[0] == kind && len(left) < k && (perDocument == 0 || count[h.Document] <= perDocument) {
			left = append(left, h)
		}
	}
	return left
}
