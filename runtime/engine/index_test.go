package engine

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

func TestSearch(t *testing.T) {
	index := indexOf(t,
		document(1, "Refunds", "# Refunds\nMoney is returned within 30 days.\n# Shipping\nParcels leave on Monday."),
		document(2, "Warranty", "The drum is covered for 24 months. Refunds are described elsewhere."),
		document(3, "Blank", " "),
		document(4, "Vaccines", "The WHO has a list of them."),
	)
	tests := map[string]struct {
		query string
		k     int
		want  []int // documents
	}{
		"title, heading and text": {"refund", 5, []int{1, 1, 2}},
		"stems":                   {"covering drums", 5, []int{2}},
		"limit":                   {"refund", 1, []int{1}},
		"content words only":      {"What is the drum", 5, []int{2}},
		"no content word":         {"WHO", 5, []int{4}},
		"none of several":         {"What is the", 5, []int{2, 4, 1}},
		"unknown":                 {"propeller", 5, nil},
		"no query":                {"", 5, nil},
		"no limit":                {"refund", 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []int
			for _, hit := range index.Search(test.query, Options{K: test.k}) {
				got = append(got, number(hit.Document))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Search (-want +got):\n%s", diff)
			}
		})
	}
	if documents, chunks := index.Len(); documents != 4 || chunks != 4 {
		t.Errorf("Len is %d documents and %d chunks", documents, chunks)
	}
}

// TestScore computes a score by hand: two chunks of two words, a term in one.
func TestScore(t *testing.T) {
	index := indexOf(t, document(1, "", "kestrel kestrel"), document(2, "", "heron gull"))
	hits := index.Search("kestrel", Options{K: 10})
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
	hits := indexOf(t, documents...).Search("gull", Options{K: 7})
	if len(hits) != 7 || hits[0].Document != id(0) || hits[6].Document != id(3) || hits[0].Chunk.Start > hits[1].Chunk.Start {
		t.Errorf("ties are not in order: %v", hits)
	}
}

// TestDivisionDoesNotShow is the property that what is found depends on the live
// documents alone: however they are divided into segments, and whatever died in
// those or was merged, every score is, to the last bit, that of one segment.
func TestDivisionDoesNotShow(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 0))
		var parts []Part
		current := map[uuid.UUID]Document{}
		for range random.IntN(20) {
			var add []Document
			for _, number := range random.Perm(30)[:random.IntN(4)] {
				parts = bury(parts, current, id(random.IntN(30)))
				parts = bury(parts, current, id(number))
				add = append(add, randomDocument(random, number))
			}
			for _, d := range add {
				parts = bury(parts, current, d.ID)
				current[d.ID] = d
			}
			parts = append(parts, part(t, add))
			if random.IntN(3) == 0 {
				parts = merged(t, parts, random.IntN(len(parts)))
			}
			checkEqual(t, NewIndex(language.English, parts), current)
		}
	}
}

// bury lets a document die wherever it lives.
func bury(parts []Part, current map[uuid.UUID]Document, gone uuid.UUID) []Part {
	if _, lives := current[gone]; lives {
		delete(current, gone)
		for i := range parts {
			parts[i].Dead = append(slices.Clip(parts[i].Dead), gone)
		}
	}
	return parts
}

// merged merges the parts from the n-th on.
func merged(t *testing.T, parts []Part, n int) []Part {
	t.Helper()
	var sources []segment.Source
	var vectors []vector.Source
	for _, p := range parts[n:] {
		live := func(document uint32) bool {
			id, _, _, _ := p.Document(document)
			return !slices.Contains(p.Dead, id)
		}
		sources = append(sources, segment.Source{Segment: p.Segment, Live: live})
		vectors = append(vectors, vector.Source{Rows: p.Vectors, Keep: func(chunk uint32) bool { return live(p.DocumentOf(chunk)) }})
	}
	encoded, err := segment.Merge(sources)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := vector.Join(vectors)
	if err != nil {
		t.Fatal(err)
	}
	return append(slices.Clone(parts[:n]), Part{Segment: open(t, encoded), Vectors: openVectors(t, rows)})
}

func part(t testing.TB, documents []Document) Part {
	t.Helper()
	return partOf(t, documents, func(document, number, length uint64) []float32 { return randomVector(document, number, length) })
}

// partOf is a part whose chunks have the vectors that are made of their document, their
// number in it, and their length.
func partOf(t testing.TB, documents []Document, made func(document, number, length uint64) []float32) Part {
	t.Helper()
	encoded, err := Build(t.Context(), language.English, documents)
	if err != nil {
		t.Fatal(err)
	}
	p := Part{Segment: open(t, encoded)}
	var vectors [][]float32
	for chunk := range uint32(p.Chunks()) {
		id, _, first, _ := p.Document(p.DocumentOf(chunk))
		vectors = append(vectors, made(uint64(number(id)), uint64(chunk-first), uint64(p.Length(chunk))))
	}
	rows, err := vector.Encode(dimensions, vectors)
	if err != nil {
		t.Fatal(err)
	}
	p.Vectors = openVectors(t, rows)
	return p
}

const dimensions = 24

// randomVector depends on the seeds alone and is of length 1.
func randomVector(seeds ...uint64) []float32 {
	random := rand.New(rand.NewPCG(seeds[0], seeds[1]<<32|seeds[len(seeds)-1]))
	v, sum := make([]float32, dimensions), 0.0
	for i := range v {
		v[i] = float32(random.NormFloat64())
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

func openVectors(t testing.TB, encoded []byte) *vector.Rows {
	t.Helper()
	rows, err := vector.Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func open(t testing.TB, encoded []byte) *segment.Segment {
	t.Helper()
	s, err := segment.Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func indexOf(t testing.TB, documents ...Document) *Index {
	t.Helper()
	return NewIndex(language.English, []Part{part(t, documents)})
}

func checkEqual(t *testing.T, index *Index, current map[uuid.UUID]Document) {
	t.Helper()
	var documents []Document
	for _, d := range current {
		documents = append(documents, d)
	}
	rebuilt := indexOf(t, documents...)
	for _, query := range []string{"w1", "w2 w3 w2", "w0 w1 w2 w3 w4 w5 w6 w7 w8", "w9"} {
		for _, k := range []int{1, 5, 1000} {
			for _, o := range []Options{{K: k}, {K: k, Vector: randomVector(1, 2), Weight: 0.5}, {K: k, Vector: make([]float32, dimensions), Weight: 1}, {K: k, PerDocument: 1, Vector: randomVector(5, 6), Weight: 0.5}} {
				if diff := cmp.Diff(rebuilt.Search(query, o), index.Search(query, o)); diff != "" {
					t.Fatalf("%q, %v (-rebuilt +changed):\n%s", query, o, diff)
				}
			}
		}
	}
	for _, hit := range index.Search("w0 w1 w2 w3 w4 w5 w6 w7 w8 w9", Options{K: 1000, Vector: randomVector(3, 4), Weight: 0.1}) {
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

func id(number int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[8:], uint64(number))
	return id
}

func number(id uuid.UUID) int { return int(binary.BigEndian.Uint64(id[8:])) }

func document(number int, title, text string) Document {
	return Document{ID: id(number), Title: title, Text: text, Chunks: Split(text, Markdown)}
}

// randomDocument has up to three sections of words, of which low ones are frequent; one
// in ten documents has more than all others together.
func randomDocument(random *rand.Rand, number int) Document {
	var text strings.Builder
	sections := random.IntN(4)
	if number%10 == 0 {
		sections = 50
	}
	for range sections {
		fmt.Fprintf(&text, "# w%d\n", random.IntN(10))
		for range random.IntN(12) {
			fmt.Fprintf(&text, "w%d ", random.IntN(1+random.IntN(10)))
		}
		text.WriteByte('\n')
	}
	return document(number, fmt.Sprintf("w%d", random.IntN(10)), text.String())
}
