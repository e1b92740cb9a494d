package quality_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/quality"
)

func beir(corpus, queries, grades string) fstest.MapFS {
	return fstest.MapFS{
		"corpus.jsonl":   {Data: []byte(corpus)},
		"queries.jsonl":  {Data: []byte(queries)},
		"qrels/test.tsv": {Data: []byte(grades)},
	}
}

const (
	corpus  = `{"_id":"a","title":"Wings","text":"Lift.","metadata":{"year":1960}}` + "\n" + `{"_id":"b","text":"Flow."}` + "\n"
	queries = `{"_id":"q1","text":"lift"}` + "\n\n" + `{"_id":"q2","text":"flow"}` + "\r\n" + `{"_id":"q3","text":"unjudged"}`
	grades  = "query-id\tcorpus-id\tscore\nq1\ta\t2\nq1\tb\t0\r\nq2\tb\t-1\n"
)

func TestReadBEIR(t *testing.T) {
	got, err := quality.ReadBEIR(beir(corpus, queries, grades))
	if err != nil {
		t.Fatal(err)
	}
	want := &quality.Collection{
		Documents: []quality.Document{{ID: "a", Title: "Wings", Text: "Lift."}, {ID: "b", Text: "Flow."}},
		Queries: []quality.Query{
			{ID: "q1", Text: "lift", Gains: map[string]float64{"a": 2, "b": 0}},
			{ID: "q2", Text: "flow", Gains: map[string]float64{"b": 0}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadBEIR (-want +got):\n%s", diff)
	}
	if _, err := quality.ReadBEIR(beir(corpus, queries, "q1\ta\t1\n")); err != nil {
		t.Errorf("judgements without the names of the columns: %v", err)
	}
}

func TestReadBEIRErrors(t *testing.T) {
	for want, folder := range map[string]fstest.MapFS{
		"corpus.jsonl:2: ":               beir(corpus[:90], queries, grades),
		"corpus.jsonl:1: no _id":         beir(`{"text":"Lift."}`, queries, grades),
		`corpus.jsonl:3: a second "a"`:   beir(corpus+corpus, queries, grades),
		"corpus.jsonl:1: bufio.Scanner":  beir(strings.Repeat(" ", 17<<20), queries, grades),
		"queries.jsonl:1: ":              beir(corpus, "q1 lift", grades),
		`qrels/test.tsv:2: no query "q"`: beir(corpus, queries, "a\tb\tc\nq\ta\t1\n"),
		"qrels/test.tsv:1: want":         beir(corpus, queries, "q1 a 1\n"),
		"qrels/test.tsv:2: score":        beir(corpus, queries, "a\tb\tc\nq1\ta\tx\n"),
		"open qrels/test.tsv":            {"corpus.jsonl": {}, "queries.jsonl": {}},
	} {
		if _, err := quality.ReadBEIR(folder); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
