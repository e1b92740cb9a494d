package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/test/prose"
)

// BenchmarkSearch asks an index that one segment holds, by words alone and by
// meaning as well.
func BenchmarkSearch(b *testing.B) {
	for _, chunks := range []int{1_000, 10_000, 100_000} {
		index := benchIndex(b, chunks)
		basis, err := index.Fit(lsa.Seed{})
		if err != nil {
			b.Fatal(err)
		}
		index.views[0].vectors = embedded(b, index.views[0].Segment, basis)
		for _, leg := range []string{"words", "both"} {
			b.Run(fmt.Sprintf("%dk/%s", chunks/1000, leg), func(b *testing.B) {
				author := prose.NewAuthor(1 << 40)
				b.ReportMetric(float64(index.views[0].Bytes())/float64(chunks), "bytes/chunk")
				b.ReportAllocs()
				for b.Loop() {
					query, o := author.Question(), Options{K: 10, PerDocument: 3}
					if leg == "both" {
						o.Vector, o.Weight = EmbedQuery(language.English, query, basis), lsa.Weight
					}
					index.Search(query, o)
				}
			})
		}
	}
}

func embedded(b *testing.B, s *segment.Segment, basis *lsa.Basis) *vector.Rows {
	b.Helper()
	encoded, _, err := Embed(s, basis)
	if err != nil {
		b.Fatal(err)
	}
	return openVectors(b, encoded)
}

// BenchmarkBuild analyses and encodes chunks, as an upload does.
func BenchmarkBuild(b *testing.B) {
	var documents []Document
	for i := range 4 {
		documents = append(documents, benchDocument(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		part(b, documents)
	}
	b.ReportMetric(float64(b.N*len(documents)*benchSection)/b.Elapsed().Seconds(), "chunks/s")
}

func BenchmarkSplit(b *testing.B) {
	text := benchDocument(0).Text
	text = strings.Repeat(text, (1<<20)/len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Split(text, Markdown)
	}
}

// benchSection is how many chunks a document has.
const benchSection = 100

func benchIndex(b *testing.B, chunks int) *Index {
	b.Helper()
	var documents []Document
	for i := range chunks / benchSection {
		documents = append(documents, benchDocument(i))
	}
	encoded, err := Build(b.Context(), language.English, documents)
	if err != nil {
		b.Fatal(err)
	}
	return NewIndex(language.English, []Part{{Segment: open(b, encoded)}})
}

func benchDocument(number int) Document {
	return document(number, "", prose.NewAuthor(uint64(number)).Document(benchSection))
}
