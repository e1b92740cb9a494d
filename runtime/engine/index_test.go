package engine

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

func TestSearch(t *testing.T) {
	index := NewIndex(language.English).With([]Document{
		document(1, "Refunds", "# Refunds\nMoney is returned within 30 days.\n# Shipping\nParcels leave on Monday."),
		document(2, "Warranty", "The drum is covered for 24 months. Refunds are described elsewhere."),
		document(3, "Blank", " "),
	}, nil)
	tests := map[string]struct {
		query string
		k     int
		want  []int // documents
	}{
		"title, heading and text": {"refund", 5, []int{1, 1, 2}},
		"stems":                   {"covering drums", 5, []int{2}},
		"limit":                   {"refund", 1, []int{1}},
		"content words only":      {"What is the", 5, nil},
		"unknown":                 {"propeller", 5, nil},
		"no query":                {"", 5, nil},
		"no limit":                {"refund", 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []int
			for _, hit := range index.Search(test.query, test.k) {
				got = append(got, number(hit.Document))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Search (-want +got):\n%s", diff)
			}
		})
	}
	if documents, chunks := index.Len(); documents != 3 || chunks != 3 {
		t.Errorf("Len is %d documents and %d chunks", documents, chunks)
	}
}

// TestScore computes a score by hand: two chunks of two words, a term in one.
func TestScore(t *testing.T) {
	index := NewIndex(language.English).With([]Document{document(1, "", "kestrel kestrel"), document(2, "", "heron gull")}, nil)
	hits := index.Search("kestrel", 10)
	want := math.Log(1+(2-1+0.5)/(1+0.5)) * 2 / (2 + 1.2)
	if len(hits) != 1 || math.Abs(hits[0].Score-want) > 1e-12 {
		t.Errorf("hits are %v, want one of score %v", hits, want)
	}
}

func TestTiesAreInOrder(t *testing.T) {
	var documents []Document
	for i := range 20 {
		documents = append(documents, document(19-i, "", "# a\ngull\n# b\ngull\n"))
	}
	hits := NewIndex(language.English).With(documents, nil).Search("gull", 7)
	if len(hits) != 7 || !slices.IsSortedFunc(hits, compareHits) || hits[6].Document != id(3) {
		t.Errorf("ties are not in order: %v", hits)
	}
}

func TestWithKeepsOldSnapshot(t *testing.T) {
	before := NewIndex(language.English).With([]Document{document(1, "", "kestrel"), document(2, "", "kestrel heron")}, nil)
	want := before.Search("kestrel", 10)
	before.With([]Document{document(2, "", "gull")}, []uuid.UUID{id(1)})
	if diff := cmp.Diff(want, before.Search("kestrel", 10)); diff != "" {
		t.Errorf("the old snapshot changed:\n%s", diff)
	}
}

func TestWithChunksOutsideText(t *testing.T) {
	d := Document{ID: id(1), Text: "kestrel", Chunks: []Chunk{{Start: -1, End: 99}, {Start: 50, End: 60}, {Start: 5, End: 2}, {End: -7}}}
	if hits := NewIndex(language.English).With([]Document{d}, nil).Search("kestrel", 9); len(hits) != 1 {
		t.Errorf("%d hits", len(hits))
	}
}

// TestChangesDoNotShow is the property that an index depends on its documents
// alone: after any changes it equals, to the last bit of each score, the index
// built of the same documents at once.
func TestChangesDoNotShow(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 0))
		index, current := NewIndex(language.English), map[uuid.UUID]Document{}
		for range random.IntN(40) {
			var add []Document
			var remove []uuid.UUID
			for range random.IntN(4) {
				remove = append(remove, id(random.IntN(30)))
			}
			for range random.IntN(4) {
				add = append(add, randomDocument(random, random.IntN(30)))
			}
			index = index.With(add, remove)
			for _, id := range remove {
				delete(current, id)
			}
			for _, d := range add {
				current[d.ID] = d
			}
			checkEqual(t, index, current)
		}
	}
}

func checkEqual(t *testing.T, index *Index, current map[uuid.UUID]Document) {
	t.Helper()
	var documents []Document
	for _, d := range current {
		documents = append(documents, d)
	}
	rebuilt := NewIndex(language.English).With(documents, nil)
	for _, query := range []string{"w1", "w2 w3 w2", "w0 w1 w2 w3 w4 w5 w6 w7 w8", "w9"} {
		for _, k := range []int{1, 5, 1000} {
			if diff := cmp.Diff(rebuilt.Search(query, k), index.Search(query, k)); diff != "" {
				t.Fatalf("%q, %d (-rebuilt +changed):\n%s", query, k, diff)
			}
		}
	}
	for _, hit := range index.Search("w0 w1 w2 w3 w4 w5 w6 w7 w8 w9", 1000) {
		if _, there := current[hit.Document]; !there {
			t.Fatalf("%s was removed and found", hit.Document)
		}
	}
	gotDocuments, gotChunks := index.Len()
	wantDocuments, wantChunks := rebuilt.Len()
	if gotDocuments != wantDocuments || gotChunks != wantChunks {
		t.Fatalf("Len is %d, %d, want %d, %d", gotDocuments, gotChunks, wantDocuments, wantChunks)
	}
}

// TestPartsAreFew checks what keeps searches fast and changes cheap: the parts'
// number is logarithmic, and removed documents do not keep their memory.
func TestPartsAreFew(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	index := NewIndex(language.English)
	for i := range 1000 {
		index = index.With([]Document{randomDocument(random, i)}, nil)
		if documents, chunks := index.Len(); len(index.views) > bits.Len(uint(documents+chunks)) {
			t.Fatalf("%d parts of %d documents", len(index.views), documents)
		}
	}
	full := index.Bytes()
	for i := range 990 {
		index = index.With(nil, []uuid.UUID{id(i)})
	}
	if index.Bytes() > full/20 {
		t.Errorf("%d bytes for 10 documents, %d for 1000", index.Bytes(), full)
	}
	for i := range 1000 {
		index = index.With(nil, []uuid.UUID{id(i)})
	}
	if index.Bytes() != 0 {
		t.Errorf("%d bytes for no document", index.Bytes())
	}
}

func id(number int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[8:], uint64(number))
	return id
}

func number(id uuid.UUID) int { return int(binary.BigEndian.Uint64(id[8:])) }

func document(number int, title, text string) Document {
	return Document{ID: id(number), Title: title, Text: text, Chunks: Split(text, Markdown)}
}

// randomDocument has up to three sections of words, of which low ones are frequent.
func randomDocument(random *rand.Rand, number int) Document {
	var text strings.Builder
	for range random.IntN(4) {
		fmt.Fprintf(&text, "# w%d\n", random.IntN(10))
		for range random.IntN(12) {
			fmt.Fprintf(&text, "w%d ", random.IntN(1+random.IntN(10)))
		}
		text.WriteByte('\n')
	}
	return document(number, fmt.Sprintf("w%d", random.IntN(10)), text.String())
}
