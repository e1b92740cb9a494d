package vector_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// BenchmarkNearest looks for the 100 nearest of rows in 64 segments, and tells how
// many of the 10 nearest by all digits are among the first 10.
func BenchmarkNearest(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		for _, dimensions := range []int{128, 384} {
			b.Run(fmt.Sprintf("%dkx%d", n/1000, dimensions), func(b *testing.B) {
				s := newBenchSet(b, n, dimensions)
				recall := s.recall(10)
				b.ResetTimer()
				for i := 0; b.Loop(); i++ {
					nearest(s.queries[i%len(s.queries)], s.rows, 100, everything)
				}
				b.ReportMetric(recall, "recall@10")
				b.ReportMetric(float64(s.bytes)/float64(n), "bytes/row")
			})
		}
	}
}

// benchSet is rows, queries and what is truly the nearest to each of them.
type benchSet struct {
	rows    []*vector.Rows
	bytes   int
	queries []*vector.Query
	truth   [][]hit
}

func newBenchSet(b *testing.B, n, dimensions int) *benchSet {
	b.Helper()
	fill := fading(rand.New(rand.NewPCG(5, 5)), dimensions)
	draw := func(n int) [][]float32 {
		drawn := make([][]float32, n)
		for i := range drawn {
			drawn[i] = make([]float32, dimensions)
			fill(drawn[i])
			normalise(drawn[i])
		}
		return drawn
	}
	s := &benchSet{}
	asked := draw(20)
	for _, v := range asked {
		s.queries = append(s.queries, vector.NewQuery(v))
	}
	s.truth = make([][]hit, len(asked))
	for first := 0; first < n; {
		part := draw(min((n+63)/64, n-first))
		for i, v := range asked {
			for row, other := range part {
				s.truth[i] = append(s.truth[i], hit{first + row, product(v, other)})
			}
			s.truth[i] = best(s.truth[i], 100)
		}
		first += len(part)
		s.rows = append(s.rows, open(b, encode(b, dimensions, part)))
		s.bytes += s.rows[len(s.rows)-1].Bytes()
	}
	return s
}

// recall is what part of the k nearest is found.
func (s *benchSet) recall(k int) float64 {
	found := 0
	for i, query := range s.queries {
		got := nearest(query, s.rows, 100, everything)
		for _, want := range s.truth[i][:k] {
			if slices.ContainsFunc(got[:k], func(h hit) bool { return h.row == want.row }) {
				found++
			}
		}
	}
	return float64(found) / float64(k*len(s.queries))
}

// BenchmarkEncode encodes vectors, as ingestion does.
func BenchmarkEncode(b *testing.B) {
	for _, dimensions := range []int{128, 384} {
		b.Run(fmt.Sprint(dimensions), func(b *testing.B) {
			given := vectors(1, dimensions, 256)
			for b.Loop() {
				encode(b, dimensions, given)
			}
			b.ReportMetric(float64(b.N*len(given))/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
