//go:build bench

package replica_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/cmd/memory"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/test/figure"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
	"github.com/bulkhead-dev/bulkhead/test/prose"
)

var sizes = flag.String("sizes", "10k,100k,100k-384,1m,1m-384", "chunks of the tenants that are searched, with the dimensions of their embedding model")

// bed is a cell that is measured: its PostgreSQL keeps what it acknowledged.
type bed struct {
	*cell
	t *testing.T
}

func newBed(t *testing.T) *bed {
	t.Helper()
	t.Setenv(binding.EnvMemoryLimit, "21474836480") // as in a container of 20 GiB
	memory.Limit()
	memory.Spend()
	c := newCellOn(t, fixture.NewDurablePostgres(t))
	c.index, c.share, c.inFlight, c.ingests = 8<<30, 8<<30, 512, 64
	b := &bed{c, t}
	b.show("disk", "fsync_p50", percentile(b.fsyncs(), 50), "ms", fsyncs)
	return b
}

func (b *bed) show(of, metric string, value float64, unit string, n int) {
	b.t.Helper()
	if err := (figure.Figure{Bench: "engine", Case: of, Metric: metric, Value: value, Unit: unit, N: n}).Print(os.Stdout); err != nil {
		b.t.Error(err)
	}
}

func (b *bed) showLatencies(of string, took []time.Duration) {
	b.t.Helper()
	for _, percent := range []int{50, 95, 99} {
		b.show(of, fmt.Sprintf("p%d", percent), percentile(took, percent), "ms", len(took))
	}
}

// percentile is in milliseconds.
func percentile(took []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(took))
	return float64(sorted[min(len(sorted)-1, len(sorted)*percent/100)].Microseconds()) / 1000
}

const fsyncs = 50

// fsyncs times what a commit waits for at least, on the database's disk.
func (b *bed) fsyncs() (took []time.Duration) {
	b.t.Helper()
	f, err := os.Create(filepath.Join(filepath.Dir(b.pg.Dir), "fsync"))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	for range fsyncs {
		start := time.Now()
		if _, err := f.WriteAt(make([]byte, 8<<10), 0); err != nil {
			b.t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.t.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	return took
}

// generous is a tenant without limits that matter.
func (b *bed) generous(name string, edit ...func(*binding.Binding)) *tenant {
	b.t.Helper()
	return b.tenant(b.t, name, append(edit, func(w *binding.Binding) {
		w.Limits = binding.Limits{
			Documents: 1 << 30, StorageBytes: 1 << 40, DocumentBytes: 64 << 20, RequestsPerMinute: 1 << 30, ConcurrentIngests: 16,
		}
	})...)
}

// load uploads chunks and waits until they are searched by meaning.
func (b *bed) load(n *node, w *tenant, chunks int) {
	b.t.Helper()
	b.upload(n, w, chunks)
	b.settle(n, quiet(chunks), w)
}

// upload uploads documents of 100 chunks, four at a time.
func (b *bed) upload(n *node, w *tenant, chunks int) {
	b.t.Helper()
	n.becomes(b.t, w, http.MethodGet, "/v1/documents", "", http.StatusOK, "")
	const each = 100
	var done atomic.Int64
	var all sync.WaitGroup
	next := make(chan int)
	for range 4 {
		all.Go(func() {
			for i := range next {
				r := n.ask(b.t, w, http.MethodPut, fmt.Sprint("/v1/documents/", i), prose.NewAuthor(uint64(i)).Document(min(each, chunks)))
				if r.status != http.StatusCreated {
					b.t.Errorf("document %d: %d %s", i, r.status, r.body)
				}
				if so := done.Add(each); so%(50_000) == 0 {
					fmt.Fprintf(os.Stderr, "%d of %d chunks\n", so, chunks)
				}
			}
		})
	}
	for i := range (chunks + each - 1) / each {
		next <- i
	}
	close(next)
	all.Wait()
}

// quiet is for how long an index of so many chunks is the same, at rest. Between the
// steps of a large one, all of it is made anew.
func quiet(chunks int) time.Duration {
	return 5*time.Second + time.Duration(chunks)*(100*time.Microsecond)
}

// settle waits until the index is as it stays: its basis is of all chunks, and no
// segment waits to be merged.
func (b *bed) settle(n *node, quiet time.Duration, all ...*tenant) {
	b.t.Helper()
	before, since := "", time.Now()
	for deadline := time.Now().Add(20 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
		now, ready := "", true
		for _, w := range all {
			expect(b.t, n.ask(b.t, w, http.MethodPost, "/v1/retrieve", found("w0z")), 200, "")
			objects := w.embedding(b.t, b.cell)
			now, ready = now+objects, ready && objects != ""
		}
		if now != before {
			before, since = now, time.Now()
		}
		if ready && time.Since(since) > quiet {
			b.tended()
			return
		}
	}
	b.t.Fatal("the indexes do not come to rest")
}

// tended fails for what upkeep could not do.
func (b *bed) tended() {
	b.t.Helper()
	for line := range strings.Lines(b.log.String()) {
		if strings.Contains(line, "index not tended") {
			b.t.Error(line)
		}
	}
}

// questions times so many questions one after the other.
func (b *bed) questions(n *node, w *tenant, count int) (took []time.Duration) {
	b.t.Helper()
	a := prose.NewAuthor(7_000_000)
	for range count {
		question := found(a.Question())
		start := time.Now()
		r := n.ask(b.t, w, http.MethodPost, "/v1/retrieve", question)
		took = append(took, time.Since(start))
		if r.status != http.StatusOK {
			b.t.Fatalf("%d %s", r.status, r.body)
		}
	}
	return took
}

// limits are what p95 may be, in milliseconds, and memory, in bytes.
var limits = map[string]float64{
	"warm/10k": 8, "warm/100k": 25, "warm/1m-lsa128": 60, "warm/1m-384": 80, "cold/10k": 35, "cold/100k": 350,
	"memory/100k-lsa128": 700, "memory/100k-384": 1900, "memory/1k": 2 << 20,
}

// atMost fails for what is above its limit, if it has one.
func (b *bed) atMost(of string, value float64) {
	b.t.Helper()
	if limit, limited := limits[of]; limited && value > limit {
		b.t.Errorf("%s: %.1f, at most %.0f", of, value, limit)
	}
}

func (b *bed) hold(of string, took []time.Duration) {
	b.t.Helper()
	b.showLatencies(of, took)
	b.atMost(of, percentile(took, 95))
}

func (b *bed) holdMemory(of, metric string, value float64, n int) {
	b.t.Helper()
	b.show(of, metric, value, "B", n)
	b.atMost(of, value)
}

// TestRetrieve measures retrieval over HTTP, with authentication and a committed audit
// row, of tenants of different sizes, and what their indexes take.
func TestRetrieve(t *testing.T) {
	for name := range strings.SplitSeq(*sizes, ",") {
		t.Run(name, func(t *testing.T) { newBed(t).retrieve(sizeOf(t, name)) })
	}
}

// retrieve measures a tenant of a size.
func (b *bed) retrieve(s size) {
	n := b.start(b.t, "runtime-0")
	var w *tenant
	var watched []*neighbours
	if s.dimensions == 0 {
		w = b.generous("acme")
	} else {
		model := newQuickEmbedder(b.t, s.dimensions)
		watched = model.watch(unheard(50))
		w = b.generous("acme", model.embeds)
	}
	b.load(n, w, s.chunks)
	b.questions(n, w, 50)
	b.hold(s.warm(), b.questions(n, w, 2000))
	if watched != nil {
		b.recall(n, w, s.warm(), watched)
	}
	b.holdMemory(s.memory(), "bytes_per_chunk", n.gauge(b.t, "bulkhead_index_bytes")/float64(s.chunks), s.chunks)
	n.stop()
	if s.chunks <= 100_000 {
		b.hold("cold/"+s.name, b.cold(w, 100))
	}
}

// unheard are questions in words that no document has, so that only what they mean
// finds anything.
func unheard(count int) (questions []string) {
	a := prose.NewAuthor(6_000_000)
	for range count {
		questions = append(questions, strings.ReplaceAll(a.Question(), " ", synonym+" ")+synonym)
	}
	return questions
}

// leastRecall is of the ten chunks nearest by meaning.
const leastRecall = 0.99

// recall measures how many of the nearest chunks are found, as the model knows them.
// A tenant without a model can be asked for nothing by meaning alone: TestLarge of
// package speed measures that.
func (b *bed) recall(n *node, w *tenant, of string, watched []*neighbours) {
	b.t.Helper()
	found := 0
	for _, near := range watched {
		body := fmt.Sprintf(`{"query":%q,"top_k":%d,"max_per_document":%d}`, near.question, nearest, nearest)
		var answer foundJSON
		expect(b.t, n.ask(b.t, w, http.MethodPost, "/v1/retrieve", body), 200, "").into(b.t, &answer)
		for _, p := range answer.Data {
			if near.has(p.Text) {
				found++
			}
		}
	}
	recall := float64(found) / float64(nearest*len(watched))
	b.show(of, "recall10", recall, "", len(watched))
	if recall < leastRecall {
		b.t.Errorf("%s: recall %.4f, at least %.2f", of, recall, leastRecall)
	}
}

// cold times the first question to a replica that has served nothing.
func (b *bed) cold(w *tenant, count int) (took []time.Duration) {
	b.t.Helper()
	a := prose.NewAuthor(8_000_000)
	other := b.generous("other-" + strconv.Itoa(count)) // its login and key are not the index's
	for i := range count {
		n := b.start(b.t, fmt.Sprint("cold-", i))
		expect(b.t, n.ask(b.t, other, http.MethodGet, "/v1/documents", ""), 200, "")
		expect(b.t, n.ask(b.t, w, http.MethodGet, "/v1/documents?limit=1", ""), 200, "")
		question := found(a.Question())
		start := time.Now()
		r := n.ask(b.t, w, http.MethodPost, "/v1/retrieve", question)
		took = append(took, time.Since(start))
		expect(b.t, r, 200, "")
		n.stop()
	}
	return took
}

// TestThroughput measures 50 tenants of 1,000 chunks each at a time.
func TestThroughput(t *testing.T) {
	b := newBed(t)
	n := b.start(t, "runtime-0")
	var tenants []*tenant
	for i := range 50 {
		w := b.generous(fmt.Sprint("tenant-", i))
		tenants = append(tenants, w)
		n.becomes(t, w, http.MethodGet, "/v1/documents", "", http.StatusOK, "")
		expect(t, n.ask(t, w, http.MethodPut, "/v1/documents/all", prose.NewAuthor(uint64(i)).Document(1000)), 201, "")
	}
	b.settle(n, quiet(1000), tenants...)
	b.holdMemory("memory/1k", "bytes", n.gauge(t, "bulkhead_index_bytes")/float64(len(tenants)), len(tenants))
	const workers, seconds = 16, 10
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	start := time.Now()
	for worker := range workers {
		all.Go(func() {
			a := prose.NewAuthor(uint64(9_000_000 + worker))
			var own []time.Duration
			for i := worker; time.Since(start) < seconds*time.Second; i++ {
				asked := time.Now()
				r := n.ask(t, tenants[i%len(tenants)], http.MethodPost, "/v1/retrieve", found(a.Question()))
				own = append(own, time.Since(asked))
				if r.status != http.StatusOK {
					t.Errorf("%d %s", r.status, r.body)
					return
				}
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
		})
	}
	all.Wait()
	qps := float64(len(took)) / time.Since(start).Seconds()
	b.show("throughput/50x1k", "qps", qps, "1/s", len(took))
	b.show("throughput/50x1k", "p99", percentile(took, 99), "ms", len(took))
	if qps < 1000 || percentile(took, 99) > 50 {
		t.Errorf("%.0f retrieves a second with a p99 of %.1f ms; want 1000 and 50", qps, percentile(took, 99))
	}
}

// TestIngest measures uploads: single ones of one chunk, and large ones.
func TestIngest(t *testing.T) {
	b := newBed(t)
	n := b.start(t, "runtime-0")
	w := b.generous("acme")
	b.load(n, w, 1000)
	const documents, workers = 1500, 4
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	start := time.Now()
	for worker := range workers {
		all.Go(func() {
			a := prose.NewAuthor(uint64(100 + worker))
			for i := range documents / workers {
				text := a.Document(1)
				sent := time.Now()
				r := n.ask(t, w, http.MethodPut, fmt.Sprintf("/v1/documents/%d-%d", worker, i), text)
				elapsed := time.Since(sent)
				if r.status != http.StatusCreated {
					t.Errorf("%d %s", r.status, r.body)
					return
				}
				mu.Lock()
				took = append(took, elapsed)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	rate := float64(len(took)) / time.Since(start).Seconds()
	b.show("ingest/put1", "docs_per_s", rate, "1/s", len(took))
	b.show("ingest/put1", "p95", percentile(took, 95), "ms", len(took))
	if rate < 150 || percentile(took, 95) > 25 {
		t.Errorf("%.0f documents a second with a p95 of %.1f ms; want 150 and 25", rate, percentile(took, 95))
	}
	bulk := b.generous("bulk")
	start = time.Now()
	const chunks = 50_000
	b.upload(n, bulk, chunks)
	rate = chunks / time.Since(start).Seconds()
	if bulk.embedding(t, b.cell) == "" {
		t.Error("the chunks have no vectors")
	}
	b.show("ingest/bulk", "chunks_per_s", rate, "1/s", chunks)
	if rate < 3000 {
		t.Errorf("%.0f chunks a second, want 3000", rate)
	}
}

// size is that of a tenant that is searched.
type size struct {
	name       string
	chunks     int
	dimensions int // of its embedding model; zero: it has none
}

// sizeOf reads a size such as 10k, or 1m-384.
func sizeOf(t *testing.T, name string) size {
	t.Helper()
	count, dimensions, modelled := strings.Cut(name, "-")
	chunks, err := strconv.Atoi(strings.NewReplacer("k", "000", "m", "000000").Replace(count))
	s := size{name: name, chunks: chunks}
	if modelled && err == nil {
		s.dimensions, err = strconv.Atoi(dimensions)
	}
	if err != nil || s.chunks == 0 {
		t.Fatalf("size %q: want 10k, 1m or 100k-384", name)
	}
	return s
}

// warm is the case of its latency.
func (s size) warm() string {
	if s.chunks >= 1_000_000 && s.dimensions == 0 {
		return "warm/" + s.name + "-lsa128"
	}
	return "warm/" + s.name
}

// memory is the case of what its index takes. A small one has fewer dimensions.
func (s size) memory() string {
	if s.chunks >= 10_000 && s.dimensions == 0 {
		return "memory/" + s.name + "-lsa128"
	}
	return "memory/" + s.name
}

// gauge reads one of the replica's metrics.
func (n *node) gauge(t *testing.T, name string) float64 {
	t.Helper()
	ops := &node{url: n.ops}
	for line := range strings.Lines(string(ops.send(t, http.MethodGet, "/metrics", http.NoBody, nil).body)) {
		if value, is := strings.CutPrefix(line, name+" "); is {
			f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
