//go:build bench

package speed_test

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/test/figure"
)

var large = flag.String("large", "10k,100k,1m", "chunks of the indexes that TestLarge asks")

const (
	largePart   = 50_000 // chunks of a segment
	largeAsked  = 50
	largeRounds = 8 // of asking all
)

// most is what p95 may be, in milliseconds: as much as warm/1m-lsa128 and warm/1m-384
// may be over HTTP. The engine takes less.
var most = map[string]float64{"large/1m-lsa128": 60, "large/1m-384": 80}

// TestLarge measures large indexes whose vectors are drawn from a continuum, not from
// clusters that are easily told apart.
func TestLarge(t *testing.T) {
	for size := range strings.SplitSeq(*large, ",") {
		chunks, err := strconv.Atoi(strings.NewReplacer("k", "000", "m", "000000").Replace(size))
		if err != nil {
			t.Fatalf("size %q: want 100k or 1m", size)
		}
		words := lexicons(t, chunks)
		for name, dimensions := range map[string]int{size + "-lsa128": 128, size + "-384": 384} {
			t.Run(name, func(t *testing.T) { askLarge(t, name, newContinuum(t, words, dimensions)) })
		}
	}
}

// lexicons are the segments of so many chunks.
func lexicons(t *testing.T, chunks int) []*segment.Segment {
	t.Helper()
	segments := make([]*segment.Segment, (chunks+largePart-1)/largePart)
	next := make(chan int)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for i := range next {
				first := i * largePart
				segments[i] = build(t, documents(first, min(chunks, first+largePart)))
				progress("%d chunks: %d of %d segments written", chunks, i+1, len(segments))
			}
		})
	}
	for i := range segments {
		next <- i
	}
	close(next)
	all.Wait()
	return segments
}

// continuum is an index of random vectors, and what to ask it.
type continuum struct {
	parts   []engine.Part
	rows    []vector.Source
	vectors [][]float32
	asked   []question
	bytes   int
}

func newContinuum(t *testing.T, words []*segment.Segment, dimensions int) *continuum {
	t.Helper()
	c, random := &continuum{}, rand.New(rand.NewPCG(uint64(dimensions), 1))
	for i, s := range words {
		given := drawnFor(random, s, dimensions)
		rows := encode(t, dimensions, given)
		c.parts = append(c.parts, engine.Part{Segment: s, Vectors: rows})
		c.rows = append(c.rows, vector.Source{Rows: rows})
		c.vectors = append(c.vectors, given...)
		c.bytes += s.Bytes() + rows.Bytes()
		progress("%d dimensions: %d of %d segments encoded", dimensions, i+1, len(words))
	}
	c.asked = ask(largeAsked, random, dimensions, c.vectors)
	return c
}

func encode(t *testing.T, dimensions int, vectors [][]float32) *vector.Rows {
	t.Helper()
	encoded, err := vector.Encode(dimensions, vectors)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := vector.Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// drawnFor are vectors for the chunks of a segment.
func drawnFor(random *rand.Rand, s *segment.Segment, dimensions int) [][]float32 {
	vectors := make([][]float32, s.Chunks())
	for i := range vectors {
		vectors[i] = drawn(random, dimensions)
	}
	return vectors
}

// drawn has dimensions that weigh less and less, as those of a principal component
// analysis do.
func drawn(random *rand.Rand, dimensions int) []float32 {
	v, squares := make([]float32, dimensions), 0.0
	for i := range v {
		v[i] = float32(random.NormFloat64() / math.Sqrt(float64(i+1)))
		squares += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(squares))
	}
	return v
}

func askLarge(t *testing.T, name string, c *continuum) {
	index := engine.NewIndex(language.English, c.parts)
	var took []time.Duration
	for round := range 1 + largeRounds {
		for _, q := range c.asked {
			start := time.Now()
			index.Search(q.text, options(q, 3, lsa.Weight))
			if round > 0 {
				took = append(took, time.Since(start))
			}
		}
	}
	slices.Sort(took)
	shown := func(of, metric string, value float64, unit string, n int) {
		show(t, figure.Figure{Bench: "engine", Case: of, Metric: metric, Value: value, Unit: unit, N: n, Level: "engine"})
	}
	p := func(percent int) float64 { return float64(took[len(took)*percent/100].Microseconds()) / 1000 }
	of := "large/" + name
	for _, percent := range []int{50, 95, 99} {
		shown(of, fmt.Sprint("p", percent), p(percent), "ms", len(took))
	}
	shown(of, "bytes_per_chunk", float64(c.bytes)/float64(len(c.vectors)), "B", len(c.vectors))
	recall := c.recall()
	shown(recallCase(name), "recall10", recall, "", len(c.asked))
	if limit := most[of]; limit > 0 && p(95) > limit || recall < leastRecall {
		t.Errorf("p95 %.1f ms, at most %.0f; recall %.4f, at least %.2f", p(95), limit, recall, leastRecall)
	}
}

// recallCase is the case that a recall is of. Over HTTP a tenant without a model can be
// asked for nothing by meaning alone, so that the recall of its searches is measured here,
// of the same preselection over as many rows of as many dimensions. TestRetrieve measures
// that of a tenant with a model itself.
func recallCase(name string) string {
	size, builtIn := strings.CutSuffix(name, "-lsa128")
	switch {
	case !builtIn:
		return "large/" + name
	case size == "1m":
		return "warm/" + name
	}
	return "warm/" + size
}

// recall is how many of the ten nearest chunks are found.
func (c *continuum) recall() float64 {
	found := 0
	for _, q := range c.asked {
		type hit struct {
			number int
			score  float64
		}
		var hits []hit
		vector.NewQuery(q.vector).Nearest(c.rows, len(c.vectors), vector.Limit{Rows: 100}, func(source int, row uint32, score float64) {
			hits = append(hits, hit{source*largePart + int(row), score})
		})
		slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
		for _, h := range hits[:nearest] {
			if q.near(c.vectors[h.number]) {
				found++
			}
		}
	}
	return float64(found) / float64(nearest*len(c.asked))
}
