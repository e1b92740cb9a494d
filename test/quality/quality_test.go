//go:build bench

package quality

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/quality"
	"github.com/bulkhead-dev/bulkhead/test/figure"
)

var (
	data    = flag.String("data", "", "folder that holds cranfield/")
	dataset = flag.String("dataset", "", "folder of another collection in BEIR layout")
	code    = flag.String("language", "en", "what the other collection is written in")
)

// The least that nDCG@10 may be.
const (
	minCranfieldBM25   = 0.52
	minCranfieldHybrid = 0.56
	// tolerance is by how much the hybrid may be worse than BM25 on any collection.
	tolerance = 0.005
)

// TestCranfield measures on the collection that the limits are for.
func TestCranfield(t *testing.T) {
	folder := filepath.Join(*data, "cranfield")
	collection, err := quality.ReadCranfield(os.DirFS(folder))
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no Cranfield collection in %s: put cran.all.1400, cran.qry and cranqrel there, or say BULKHEAD_DATA=DIR for another DIR/cranfield (%v)",
			folder, err)
	}
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	whole := compare(t, "cranfield", collection, language.English)
	atLeast(t, "cranfield/bm25", whole.bm25, minCranfieldBM25)
	atLeast(t, "cranfield/hybrid", whole.hybrid, minCranfieldHybrid)
}

// TestDataset measures on any other collection.
func TestDataset(t *testing.T) {
	if *dataset == "" {
		t.Skip("no other collection: DATASET=dir names one in BEIR layout")
	}
	l, err := language.Parse(*code)
	if err != nil {
		t.Fatal(err)
	}
	collection, err := quality.ReadBEIR(os.DirFS(*dataset))
	if err != nil {
		t.Fatalf("%s: %v", *dataset, err)
	}
	compare(t, filepath.Base(*dataset), collection, l)
}

// means are of nDCG@10 over the queries.
type means struct{ bm25, hybrid float64 }

// compare measures the ranking of whole documents, whose means it returns, and of
// documents that are split as the runtime does.
func compare(t *testing.T, set string, c *quality.Collection, l language.Language) means {
	t.Helper()
	if len(c.Queries) == 0 {
		t.Fatal("no query has a judgement")
	}
	measure(t, set, "-chunked", c, l, asServed)
	return measure(t, set, "", c, l, whole)
}

func measure(t *testing.T, set, suffix string, c *quality.Collection, l language.Language, divide split) means {
	t.Helper()
	r, err := newRanker(c, l, divide)
	if err != nil {
		t.Fatal(err)
	}
	if r.basis == nil {
		t.Logf("%s%s: %d chunks are too few for latent semantic analysis; the hybrid is BM25 alone", set, suffix, r.chunks)
	}
	m := means{bm25: c.Mean(10, r.lexical), hybrid: c.Mean(10, r.hybrid)}
	show(t, set+"/bm25"+suffix, m.bm25, c)
	show(t, set+"/hybrid"+suffix, m.hybrid, c)
	atLeast(t, set+"/hybrid"+suffix, m.hybrid, m.bm25-tolerance)
	return m
}

func show(t *testing.T, name string, value float64, c *quality.Collection) {
	t.Helper()
	one := figure.Figure{Bench: "quality", Case: name, Metric: "ndcg10", Value: value, N: len(c.Queries)}
	if err := one.Print(os.Stdout); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func atLeast(t *testing.T, name string, value, limit float64) {
	t.Helper()
	if value < limit {
		t.Errorf("%s is %.4f and must be %.4f at least", name, value, limit)
	}
}
