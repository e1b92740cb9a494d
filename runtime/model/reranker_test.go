package model_test

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

func reranker(t *testing.T, shape model.Shape, answer http.HandlerFunc) *model.Reranker {
	t.Helper()
	client, endpoint := serve(t, answer)
	r, err := model.NewReranker(client, endpoint, shape)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRank(t *testing.T) {
	for shape, c := range map[model.Shape]struct{ asked, answer string }{
		model.Documents: {`documents`, `{"results":[{"index":2,"relevance_score":0.9},{"index":0,"relevance_score":0.95}]}`},
		model.Texts:     {`texts`, `[{"index":2,"score":0.9},{"index":0,"score":0.95},{"index":1,"score":0}]`},
	} {
		r := reranker(t, shape, func(w http.ResponseWriter, r *http.Request) {
			var asked map[string]any
			read(t, r, "/v1/rerank", &asked)
			if asked["query"] != "q" || !cmp.Equal(asked[c.asked], []any{"a", "b", "c"}) {
				t.Errorf("asked %v", asked)
			}
			if shape == model.Documents && (asked["top_n"] != 2.0 || asked["model"] != "m") {
				t.Errorf("asked %v", asked)
			}
			_, _ = w.Write([]byte(c.answer))
		})
		got, err := r.Rank(t.Context(), "q", []string{"a", "b", "c"}, 2)
		if diff := cmp.Diff([]model.Rank{{Index: 0, Score: 0.95}, {Index: 2, Score: 0.9}}, got); diff != "" || err != nil {
			t.Errorf("%v: %v\n%s", shape, err, diff)
		}
	}
}

// TestRawScores: scores of a model that ends in logits become shares, and stay in order.
func TestRawScores(t *testing.T) {
	for answer, want := range map[string][]float64{
		`[{"index":0,"score":-10},{"index":1,"score":2},{"index":2,"score":0}]`:     {0.88, 0.5, 0},
		`[{"index":0,"score":-9e300},{"index":1,"score":-1},{"index":2,"score":9}]`: {1, 0.27, 0},
		`[{"index":0,"score":0},{"index":1,"score":80},{"index":2,"score":0.5}]`:    {80, 0.5, 0},
	} {
		r := reranker(t, model.Texts, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })
		got, err := r.Rank(t.Context(), "q", []string{"a", "b", "c"}, 3)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: %v, %v", answer, got, err)
		}
		for i := range want {
			if math.Abs(got[i].Score-want[i]) > 0.005 {
				t.Errorf("%s: %v, want %v", answer, got, want)
			}
		}
	}
}

func TestMalformedRanks(t *testing.T) {
	for body, says := range map[string]string{
		`[]`:          "not the JSON",
		`{}`:          "ranks 0 texts",
		`hunter2`:     "not the JSON",
		results(`{}`): "no index or no score",
		results(`{"index":0,"relevance_score":1},{"index":0,"relevance_score":1}`):                         "twice",
		results(`{"index":0,"relevance_score":1},{"index":2,"relevance_score":1}`):                         "not sent",
		results(`{"index":0,"relevance_score":1},{"index":-1,"relevance_score":1}`):                        "not sent",
		results(`{"index":0,"relevance_score":1}`):                                                         "ranks 1 texts",
		results(`{"index":0,"relevance_score":1e999},{"index":1}`):                                         "not the JSON",
		results(`{"index":0,"relevance_score":1},{"index":1,"text":"hunter2"}`):                            "no score",
		results(strings.Repeat(`{"index":0,"relevance_score":1},`, 2) + `{"index":1,"relevance_score":1}`): "ranks 3 texts",
	} {
		r := reranker(t, model.Documents, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		_, err := r.Rank(t.Context(), "q", []string{"a", "b"}, 5)
		fails(t, body, err, model.ErrMalformed, says)
	}
}

func results(list string) string { return `{"results":[` + list + `]}` }

func TestRankIsBounded(t *testing.T) {
	r := reranker(t, model.Documents, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	_, err := r.Rank(t.Context(), "q", slices.Repeat([]string{"a"}, model.MaxRerank+1), 1)
	fails(t, "many", err, model.ErrTooLarge, "more than can be ranked")
	_, err = r.Rank(t.Context(), "q", []string{strings.Repeat("x", model.MaxRerankInput)}, 1)
	fails(t, "large", err, model.ErrTooLarge, "more than can be ranked")
	if got, err := r.Rank(t.Context(), "q", nil, 1); got != nil || err != nil {
		t.Errorf("nothing: %v %v", got, err)
	}
}
