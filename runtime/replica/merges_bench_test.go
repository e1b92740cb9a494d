//go:build bench

package replica_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/test/prose"
)

var duration = flag.Duration("duration", 10*time.Minute, "of ingest and deletes in TestMerges")

const (
	churned      = 2000 // documents that live at a time
	churnChunks  = 5    // of each
	churnReports = 20

	// What may be at most: live segments, by the manifest's limit, and how many times its
	// content the table of objects takes, autovacuum being as the operator has it.
	mostSegments = 64
	mostBloat    = 8
)

// state is what an index and its table have become.
type state struct {
	segments int
	p95      float64 // of searches meanwhile, ms
	bloat    float64 // bytes of the table of objects, beside those of what it holds
}

// TestMerges replaces and deletes documents all the time, and asks meanwhile: neither
// segments, nor latency, nor the table may grow without bound.
func TestMerges(t *testing.T) {
	b := newBed(t)
	n := b.start(t, "runtime-0")
	w := b.generous("acme")
	b.load(n, w, 10_000)
	end := time.Now().Add(*duration)
	var churn sync.WaitGroup
	churn.Go(func() { b.churn(n, w, end) })
	var states []state
	for time.Now().Before(end) {
		s := b.watch(n, w, *duration/churnReports)
		states = append(states, s)
		fmt.Fprintf(os.Stderr, "%s left: %d segments, p95 %.1f ms, the table takes %.1f times its content\n",
			max(0, time.Until(end)).Round(time.Second), s.segments, s.p95, s.bloat)
	}
	churn.Wait()
	var most state
	for _, s := range states {
		most = state{max(most.segments, s.segments), max(most.p95, s.p95), max(most.bloat, s.bloat)}
	}
	last := states[len(states)-1]
	b.show("merges", "segments_max", float64(most.segments), "", len(states))
	b.show("merges", "p95_first", states[0].p95, "ms", len(states))
	b.show("merges", "p95_last", last.p95, "ms", len(states))
	b.show("merges", "bloat_max", most.bloat, "x", len(states))
	b.show("merges", "bloat_last", last.bloat, "x", len(states))
	if most.segments > mostSegments || most.bloat > mostBloat {
		t.Errorf("up to %d segments and %.1f times the content; want %d and %d", most.segments, most.bloat, mostSegments, mostBloat)
	}
}

// churn puts documents and deletes every second one later.
func (b *bed) churn(n *node, w *tenant, end time.Time) {
	for i := 0; time.Now().Before(end); i++ {
		text := prose.NewAuthor(uint64(1<<32 + i)).Document(churnChunks)
		if r := n.ask(b.t, w, http.MethodPut, fmt.Sprint("/v1/documents/churned-", i%churned), text); r.status/100 != 2 {
			b.t.Errorf("put: %d %s", r.status, r.body)
			return
		}
		if at := i - churned/2; at >= 0 && at%2 == 0 {
			if r := n.ask(b.t, w, http.MethodDelete, fmt.Sprint("/v1/documents/churned-", at%churned), ""); r.status != http.StatusNoContent {
				b.t.Errorf("delete: %d %s", r.status, r.body)
				return
			}
		}
	}
}

// watch asks for a while.
func (b *bed) watch(n *node, w *tenant, lasting time.Duration) (s state) {
	b.t.Helper()
	const pause = 20 * time.Millisecond
	var took []time.Duration
	author := prose.NewAuthor(uint64(time.Now().UnixNano()))
	for start := time.Now(); time.Since(start) < lasting; time.Sleep(pause) {
		asked := time.Now()
		expect(b.t, n.ask(b.t, w, http.MethodPost, "/v1/retrieve", found(author.Question())), 200, "")
		took = append(took, time.Since(asked))
	}
	s.p95 = percentile(took, 95)
	b.pg.Scan(b.t, []any{&s.segments, &s.bloat}, `select count(distinct object_id) filter (where kind = 'lex'),
		pg_total_relation_size('bulkhead.blob') / greatest(sum(octet_length(ct)), 1)::float8 from bulkhead.blob`)
	return s
}
