//go:build bench

package speed_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/test/figure"
	"github.com/bulkhead-dev/bulkhead/test/prose"
)

var sizes = flag.String("sizes", "1k,10k,100k", "chunks of the tenants that are searched")

const (
	dimensions    = 128
	tenants       = 300
	neighbour     = 1000 // chunks of each tenant that is not searched
	questions     = 200
	nearest       = 10
	leastRecall   = 0.99
	sectionChunks = 100 // of a document
	partChunks    = 20_000
)

// TestPeer compares the latencies of hybrid searches, and how many of the ten chunks
// nearest by meaning are found by either engine.
func TestPeer(t *testing.T) {
	p := startPostgres(t)
	b := &bench{t: t, postgres: p}
	var all []*collection
	for size := range strings.SplitSeq(*sizes, ",") {
		all = append(all, b.collection(size))
	}
	b.neighbours(tenants - len(all))
	for _, c := range all {
		t.Run(c.size, func(t *testing.T) {
			b.t, p.t = t, t
			b.measure(c)
		})
	}
}

type bench struct {
	*postgres
	t *testing.T
}

// collection is what is searched, in both engines.
type collection struct {
	size      string
	tenant    uuid.UUID
	partition string
	index     *engine.Index
	number    map[place]int // of a chunk
	vectors   [][]float32
	asked     []question
}

type place struct {
	document uuid.UUID
	start    int
}

type question struct {
	text   string
	lexeme string // the same to PostgreSQL
	vector []float32
	floor  float64 // the cosine of the tenth nearest chunk
}

func newQuestion(text string, v []float32, among [][]float32) question {
	q := question{text: text, lexeme: strings.ReplaceAll(text, " ", " | "), vector: v}
	cosines := make([]float64, len(among))
	for i := range among {
		cosines[i] = q.cosine(among[i])
	}
	slices.Sort(cosines)
	q.floor = cosines[len(cosines)-nearest]
	return q
}

func (q *question) cosine(v []float32) (sum float64) {
	for i, value := range v {
		sum += float64(value) * float64(q.vector[i])
	}
	return sum
}

// near tells whether a chunk is one of the ten nearest.
func (q *question) near(v []float32) bool { return q.cosine(v) >= q.floor }

func progress(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", arguments...)
}

// collection writes, indexes and loads a tenant's documents.
func (b *bench) collection(size string) *collection {
	b.t.Helper()
	chunks, err := strconv.Atoi(strings.TrimSuffix(size, "k"))
	if err != nil {
		b.t.Fatalf("size %q: want 10k", size)
	}
	c := &collection{size: size, tenant: uuid.New(), number: map[place]int{}}
	progress("%s: indexing", size)
	var texts []string
	var parts []engine.Part
	random := rand.New(rand.NewPCG(uint64(chunks), 2))
	for first := 0; first < 1000*chunks; first += partChunks {
		documents := documents(first, min(1000*chunks, first+partChunks))
		for _, d := range documents {
			for _, chunk := range d.Chunks {
				c.number[place{d.ID, chunk.Start}] = len(texts)
				texts = append(texts, d.Text[chunk.Start:chunk.End])
			}
		}
		lexicon := build(b.t, documents)
		vectors := drawnFor(random, lexicon, dimensions)
		c.vectors = append(c.vectors, vectors...)
		parts = append(parts, engine.Part{Segment: lexicon, Vectors: encode(b.t, dimensions, vectors)})
	}
	c.index = engine.NewIndex(language.English, parts)
	progress("%s: loading into PostgreSQL", size)
	c.partition = b.load(c.tenant, texts, c.vectors)
	c.asked = ask(questions, random, dimensions, c.vectors)
	return c
}

// documents are those that have the chunks [first, end).
func documents(first, end int) (all []engine.Document) {
	for ; first < end; first += sectionChunks {
		text := prose.NewAuthor(uint64(first)).Document(sectionChunks)
		d := engine.Document{Text: text, Chunks: engine.Split(text, engine.Markdown)}
		d.ID[0], d.ID[1], d.ID[2] = byte(first>>16), byte(first>>8), byte(first)
		all = append(all, d)
	}
	return all
}

func build(t *testing.T, documents []engine.Document) *segment.Segment {
	t.Helper()
	encoded, err := engine.Build(t.Context(), language.English, documents)
	if err != nil {
		t.Fatal(err)
	}
	s, err := segment.Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask makes questions.
func ask(n int, random *rand.Rand, dimensions int, among [][]float32) (all []question) {
	author := prose.NewAuthor(7_000_000)
	for range n {
		all = append(all, newQuestion(author.Question(), drawn(random, dimensions), among))
	}
	return all
}

// neighbours are the store's other tenants. They have each the same chunks.
func (b *bench) neighbours(n int) {
	b.t.Helper()
	progress("%d neighbours of %d chunks", n, neighbour)
	first := b.collection(fmt.Sprint(neighbour/1000, "k"))
	for i := range n - 1 {
		other := uuid.New()
		b.run(fmt.Sprintf(`INSERT INTO %s SELECT '%s', id, words, v FROM %s`, b.postgres.tenant(other), other, first.partition))
		if i%50 == 49 {
			progress("%d of %d neighbours", i+1, n)
		}
	}
	b.run(`ANALYZE chunk`)
}

// measure asks our engine, then PostgreSQL without and with an index of the vectors.
func (b *bench) measure(c *collection) {
	progress("%s: asking", c.size)
	ours := b.compete(c, "", func(q question) { c.index.Search(q.text, options(q, 3, lsa.Weight)) }, func(q question) (found []int) {
		for _, hit := range c.index.Search(q.text, options(q, 0, 1)) {
			found = append(found, c.number[place{hit.Document, hit.Chunk.Start}])
		}
		return found
	})
	for _, kind := range []string{"pgvector-exact", "pgvector-hnsw"} {
		if kind == "pgvector-hnsw" {
			progress("%s: building HNSW", c.size)
			b.run(`CREATE INDEX ON `+c.partition+` USING hnsw (v vector_cosine_ops)`, `ALTER ROLE app SET hnsw.ef_search = 200`)
			b.connect()
		}
		theirs := b.compete(c, kind,
			func(q question) { b.ask(c.tenant, hybrid, q.lexeme, literal(q.vector)) },
			func(q question) []int { return b.ask(c.tenant, byVector, literal(q.vector)) })
		b.show(c, kind, "ratio", theirs.p95/ours.p95, "x")
		if ours.recall < leastRecall || ours.p95 > theirs.p95 && ours.recall <= theirs.recall {
			b.t.Errorf("p95 %.2f ms at recall %.3f; %s has %.2f ms at %.3f", ours.p95, ours.recall, kind, theirs.p95, theirs.recall)
		}
	}
}

type result struct{ p95, recall float64 }

// compete times the questions, after some that are not timed, and looks at what is found.
func (b *bench) compete(c *collection, peer string, hybrid func(question), byVector func(question) []int) (r result) {
	var took []time.Duration
	for _, q := range c.asked[:questions/10] {
		hybrid(q)
	}
	found := 0
	for _, q := range c.asked {
		start := time.Now()
		hybrid(q)
		took = append(took, time.Since(start))
	}
	for _, q := range c.asked {
		for _, number := range byVector(q) {
			if q.near(c.vectors[number]) {
				found++
			}
		}
	}
	slices.Sort(took)
	r.p95, r.recall = float64(took[len(took)*95/100].Microseconds())/1000, float64(found)/float64(nearest*len(c.asked))
	b.show(c, peer, "p95", r.p95, "ms")
	b.show(c, peer, "recall10", r.recall, "")
	return r
}

func options(q question, perDocument int, weight float64) engine.Options {
	return engine.Options{K: nearest, PerDocument: perDocument, Vector: q.vector, Weight: weight}
}

func (b *bench) show(c *collection, peer, metric string, value float64, unit string) {
	b.t.Helper()
	show(b.t, figure.Figure{
		Bench: "engine", Case: "peer/" + c.size, Metric: metric, Value: value, Unit: unit, N: questions, Peer: peer, Level: "engine",
	})
}

func show(t *testing.T, f figure.Figure) {
	t.Helper()
	if err := f.Print(os.Stdout); err != nil {
		t.Error(err)
	}
}
