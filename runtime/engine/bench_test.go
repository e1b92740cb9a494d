package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

const benchQuery = "what is the word12 of a word150 and its word3 word77 near word1999 word410 word8 word9000"

func BenchmarkSearch(b *testing.B) {
	for _, chunks := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("%dk", chunks/1000), func(b *testing.B) {
			index := benchIndex(b, chunks)
			b.ReportMetric(float64(index.views[0].Bytes())/float64(chunks), "bytes/chunk")
			b.ReportAllocs()
			for b.Loop() {
				index.Search(benchQuery, Options{K: 10})
			}
		})
	}
}

// BenchmarkBuild analyses and encodes chunks, as an upload does.
func BenchmarkBuild(b *testing.B) {
	random := rand.New(rand.NewPCG(2, 2))
	var documents []Document
	for i := range 64 {
		documents = append(documents, benchDocument(random, i))
	}
	b.ReportAllocs()
	for b.Loop() {
		part(b, documents)
	}
	b.ReportMetric(float64(b.N*len(documents)*4)/b.Elapsed().Seconds(), "chunks/s")
}

func BenchmarkSplit(b *testing.B) {
	text := benchDocument(rand.New(rand.NewPCG(3, 3)), 0).Text
	text = strings.Repeat(text, (1<<20)/len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Split(text, Markdown)
	}
}

func benchIndex(b *testing.B, chunks int) *Index {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	var documents []Document
	for i := 0; len(documents) < chunks/4; i++ {
		documents = append(documents, benchDocument(random, i))
	}
	return indexOf(b, documents...)
}

// benchDocument has four chunks of 150 words, drawn as words of a language are: the
// n-th most frequent about as often as 1/n.
func benchDocument(random *rand.Rand, number int) Document {
	zipf := rand.NewZipf(random, 1.07, 2, 30_000)
	var text strings.Builder
	for section := range 4 {
		fmt.Fprintf(&text, "# section %d\n", section)
		for range 150 {
			fmt.Fprintf(&text, "word%d ", zipf.Uint64())
		}
		text.WriteString("\n")
	}
	return document(number, "", text.String())
}
