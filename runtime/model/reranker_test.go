package model_test

import (
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
		model.Texts:     {`texts`, `[{"index":2,"score":0.9},{"index":0,"score":0.95},{"index":1,"score":-1}]`},
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
