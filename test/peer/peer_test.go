//go:build bench

package peer_test

import (
	"flag"
	"fmt"
	"maps"
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
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
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
	same          = 1e-4 // what cosines may differ by and count as equal, as ann-benchmarks has it
	sectionChunks = 100  // of a document
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

func (b *bench) progress(format string, arguments ...any) {
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
	b.progress("%s: indexing", size)
	var texts []string
	var terms []segment.Terms
	var parts []engine.Part
	for first := 0; first < 1000*chunks; first += partChunks {
		documents := documents(first, min(1000*chunks, first+partChunks))
		analysed := engine.Analyse(language.English, documents)
		for i, d := range documents {
			for j, chunk := range d.Chunks {
				c.number[place{d.ID, chunk.Start}] = len(texts)
				texts = append(texts, d.Text[chunk.Start:chunk.End])
				terms = append(terms, analysed[i].Chunks[j].Terms)
			}
		}
		parts = append(parts, engine.Part{Segment: build(b.t, analysed)})
	}
	basis, err := engine.NewIndex(language.English, parts).Fit(lsa.Seed{})
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range parts {
		parts[i].Vectors = embed(b.t, parts[i].Segment, basis)
	}
	c.index = engine.NewIndex(language.English, parts)
	for _, of := range terms {
		c.vectors = append(c.vectors, basis.Project(counts(of)))
	}
	b.progress("%s: loading into PostgreSQL", size)
	c.partition = b.load(c.tenant, texts, c.vectors)
	c.think(basis)
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

func build(t *testing.T, documents []segment.Document) *segment.Segment {
	t.Helper()
	encoded, err := segment.Build(documents)
	if err != nil {
		t.Fatal(err)
	}
	s, err := segment.Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func embed(t *testing.T, s *segment.Segment, basis *lsa.Basis) *vector.Rows {
	t.Helper()
	encoded, _, err := engine.Embed(s, basis)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := vector.Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// counts are in the order in which a segment has the terms.
func counts(terms segment.Terms) (all []lsa.Count) {
	for _, term := range slices.Sorted(maps.Keys(terms)) {
		all = append(all, lsa.Count{Term: term, Count: terms[term]})
	}
	return all
}

// think makes questions and finds what is nearest to each by all digits.
func (c *collection) think(basis *lsa.Basis) {
	author := prose.NewAuthor(7_000_000)
	for len(c.asked) < questions {
		text := author.Question()
		q := question{text: text, lexeme: strings.ReplaceAll(text, " ", " | "), vector: engine.EmbedQuery(language.English, text, basis)}
		if q.vector == nil {
			continue
		}
		var cosines []float64
		for number := range c.vectors {
			cosines = append(cosines, c.cosine(q, number))
		}
		slices.Sort(cosines)
		q.floor = cosines[len(cosines)-nearest]
		c.asked = append(c.asked, q)
	}
}

func (c *collection) cosine(q question, number int) (sum float64) {
	for i, value := range c.vectors[number] {
		sum += float64(value) * float64(q.vector[i])
	}
	return sum
}

// neighbours are the store's other tenants. They have each the same chunks.
func (b *bench) neighbours(n int) {
	b.t.Helper()
	b.progress("%d neighbours of %d chunks", n, neighbour)
	first := b.collection(fmt.Sprint(neighbour/1000, "k"))
	for i := range n - 1 {
		other := uuid.New()
		b.run(fmt.Sprintf(`INSERT INTO %s SELECT '%s', id, words, v FROM %s`, b.postgres.tenant(other), other, first.partition))
		if i%50 == 49 {
			b.progress("%d of %d neighbours", i+1, n)
		}
	}
	b.run(`ANALYZE chunk`)
}

// measure asks our engine, then PostgreSQL without and with an index of the vectors.
func (b *bench) measure(c *collection) {
	b.progress("%s: asking", c.size)
	ours := b.compete(c, "", func(q question) { c.index.Search(q.text, options(q, 3, lsa.Weight)) }, func(q question) (found []int) {
		for _, hit := range c.index.Search(q.text, options(q, 0, 1)) {
			found = append(found, c.number[place{hit.Document, hit.Chunk.Start}])
		}
		return found
	})
	for _, kind := range []string{"pgvector-exact", "pgvector-hnsw"} {
		if kind == "pgvector-hnsw" {
			b.progress("%s: building HNSW", c.size)
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
			if c.cosine(q, number) >= q.floor-same {
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
	f := figure.Figure{Bench: "engine", Case: "peer/" + c.size, Metric: metric, Value: value, Unit: unit, N: questions, Peer: peer}
	if err := f.Print(os.Stdout); err != nil {
		b.t.Error(err)
	}
}
