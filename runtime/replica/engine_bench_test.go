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

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/test/figure"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
	"github.com/bulkhead-dev/bulkhead/test/prose"
)

var sizes = flag.String("sizes", "10k,100k,1m", "chunks of the tenants that are searched")

// bed is a cell that is measured: its PostgreSQL keeps what it acknowledged.
type bed struct {
	*cell
	t *testing.T
}

func newBed(t *testing.T) *bed {
	t.Helper()
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
func (b *bed) generous(name string) *tenant {
	b.t.Helper()
	return b.tenant(b.t, name, func(w *binding.Binding) {
		w.Limits = binding.Limits{
			Documents: 1 << 30, StorageBytes: 1 << 40, DocumentBytes: 64 << 20, RequestsPerMinute: 1 << 30, ConcurrentIngests: 16,
		}
	})
}

// load uploads chunks and waits until they are searched by meaning.
func (b *bed) load(n *node, w *tenant, chunks int) {
	b.t.Helper()
	b.upload(n, w, chunks)
	b.settle(n, w)
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

// quiet is for how long an index at rest is the same.
const quiet = 5 * time.Second

// settle waits until the index is as it stays: its basis is of all chunks, and no
// segment waits to be merged.
func (b *bed) settle(n *node, all ...*tenant) {
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
			return
		}
	}
	b.t.Fatal("the indexes do not come to rest")
}

// ask times n questions one after the other.
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

// limits are what p95 may be, in milliseconds.
var limits = map[string]float64{"warm/10k": 8, "warm/100k": 25, "warm/1m-lsa128": 60, "cold/10k": 35, "cold/100k": 350}

func (b *bed) hold(of string, took []time.Duration) {
	b.t.Helper()
	b.showLatencies(of, took)
	if p95 := percentile(took, 95); p95 > limits[of] {
		b.t.Errorf("%s: p95 is %.1f ms, at most %.0f", of, p95, limits[of])
	}
}

// TestRetrieve measures retrieval over HTTP, with authentication and a committed audit
// row, of tenants of different sizes, and what their indexes take.
func TestRetrieve(t *testing.T) {
	for size := range strings.SplitSeq(*sizes, ",") {
		t.Run(size, func(t *testing.T) {
			b := newBed(t)
			n := b.start(t, "runtime-0")
			w := b.generous("acme")
			chunks := chunksOf(t, size)
			b.load(n, w, chunks)
			of := map[bool]string{true: "warm/1m-lsa128", false: "warm/" + size}[size == "1m"]
			b.questions(n, w, 50)
			b.hold(of, b.questions(n, w, 2000))
			b.show("memory/"+size+map[bool]string{true: "", false: "-lsa128"}[chunks < 10_000], "bytes_per_chunk", n.gauge(t, "bulkhead_index_bytes")/float64(chunks), "B", chunks)
			n.stop()
			if chunks <= 100_000 {
				b.hold("cold/"+size, b.cold(w, 20))
			}
		})
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
	b.settle(n, tenants...)
	b.show("memory/1k", "bytes", n.gauge(t, "bulkhead_index_bytes")/float64(len(tenants)), "B", len(tenants))
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
	b.show("ingest/bulk", "chunks_per_s", rate, "1/s", chunks)
	if rate < 3000 {
		t.Errorf("%.0f chunks a second, want 3000", rate)
	}
}

func chunksOf(t *testing.T, size string) int {
	t.Helper()
	factor := map[byte]int{'k': 1000, 'm': 1_000_000}[size[len(size)-1]]
	n, err := strconv.Atoi(size[:len(size)-1])
	if err != nil || factor == 0 {
		t.Fatalf("size %q: want 10k or 1m", size)
	}
	return n * factor
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
