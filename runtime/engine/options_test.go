package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
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

// TestOneDocumentLeavesRoom: a document of which all chunks are nearer than any of the
// others takes no more than its share of what is found by meaning alone.
func TestOneDocumentLeavesRoom(t *testing.T) {
	const near = 150
	documents := []Document{document(0, "", strings.Repeat("# a\nb\n", near))}
	for i := range 20 {
		documents = append(documents, document(1+i, "", "c"))
		documents[1+i].Attributes = []byte{byte(i % 2)}
	}
	documents[0].Attributes = []byte{0}
	index := NewIndex(language.English, []Part{partOf(t, documents, func(of, _, _ uint64) []float32 {
		v := make([]float32, dimensions)
		v[0], v[1+of] = 0.5, float32(math.Sqrt(0.75))
		if of == 0 {
			v[0], v[1] = 0.8, 0.6
		}
		return v
	})})
	for name, matches := range map[string]func([]byte) bool{"all": nil, "half": func(a []byte) bool { return a[0] == 0 }} {
		asked := make([]float32, dimensions)
		asked[0] = 1
		found := map[uuid.UUID]int{}
		for _, hit := range index.Search("propeller", Options{K: 10, PerDocument: 3, Matches: matches, Vector: asked, Weight: 0.5}) {
			found[hit.Document]++
		}
		if found[id(0)] != 3 || len(found) != 8 {
			t.Errorf("%s: %d of the nearest document, and %d others", name, found[id(0)], len(found)-1)
		}
	}
}

// TestVectorLegIsExhaustive is the property that the chunks that are left out are not
// among the best, however the index is divided.
func TestVectorLegIsExhaustive(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		var parts []Part
		for i := range 1 + random.IntN(30) {
			parts = append(parts, part(t, []Document{randomDocument(random, 5*i)}))
		}
		x, query := NewIndex(language.English, parts), randomVector(seed, 7)
		for _, perDocument := range []int{0, 1, 3} {
			want := fusion.NewTop(fusion.Depth, perDocument)
			for i := range x.views {
				for chunk := range uint32(x.views[i].Chunks()) {
					if score := vector.NewQuery(query).Score(x.views[i].vectors, chunk); score > 0 {
						want.Offer(fusion.Scored{Chunk: x.views[i].name(chunk), Score: score})
					}
				}
			}
			got := x.vectorLeg(query, fusion.Depth, perDocument)
			if diff := cmp.Diff(want.Best(), got.best); diff != "" {
				t.Fatalf("seed %d, %d of a document (-exhaustive +ranked):\n%s", seed, perDocument, diff)
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
