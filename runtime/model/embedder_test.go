package model_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

type embedRequest struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Format     string   `json:"encoding_format"`
	Dimensions *int     `json:"dimensions"`
}

type embedItem struct {
	Index  int       `json:"index"`
	Vector []float64 `json:"embedding"`
}

func embedder(t *testing.T, c model.EmbedderConfig, answer http.HandlerFunc) *model.Embedder {
	t.Helper()
	client, endpoint := serve(t, answer)
	c.Endpoint = endpoint
	e, err := model.NewEmbedder(client, c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEmbedKeepsTheOrder has every text tell its number, and an endpoint that answers
// from last to first.
func TestEmbedKeepsTheOrder(t *testing.T) {
	var mu sync.Mutex
	var batches []int
	var at, most atomic.Int32
	e := embedder(t, model.EmbedderConfig{Dimensions: 2}, func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		var asked embedRequest
		read(t, r, "/v1/embeddings", &asked)
		if asked.Model != "m" || asked.Format != "float" || asked.Dimensions != nil {
			t.Errorf("asked %+v", asked)
		}
		mu.Lock()
		batches = append(batches, len(asked.Input))
		mu.Unlock()
		var items []embedItem
		for i, text := range asked.Input {
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Error(err)
			}
			items = append(items, embedItem{i, []float64{3 * math.Cos(n/1000), 3 * math.Sin(n/1000)}})
		}
		slices.Reverse(items)
		write(t, w, map[string]any{"data": items, "usage": map[string]any{"prompt_tokens": len(items)}})
	})
	texts := make([]string, 300)
	for i := range texts {
		texts[i] = strconv.Itoa(i)
	}
	got, err := e.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got.Vectors {
		if angle := math.Atan2(float64(v[1]), float64(v[0])); math.Abs(angle-float64(i)/1000) > 1e-6 || math.Abs(math.Hypot(float64(v[0]), float64(v[1]))-1) > 1e-6 {
			t.Fatalf("text %d has %v", i, v)
		}
	}
	if slices.Max(batches) != 32 || len(batches) != 10 || got.Tokens != 300 || most.Load() > 4 {
		t.Errorf("batches of %v, %d tokens, %d at a time", batches, got.Tokens, most.Load())
	}
}

func TestBatchesAreBoundedInBytes(t *testing.T) {
	var asked atomic.Int32
	e := embedder(t, model.EmbedderConfig{Dimensions: 1}, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var request embedRequest
		read(t, r, "/v1/embeddings", &request)
		size, items := 0, []embedItem(nil)
		for i, text := range request.Input {
			size += len(text)
			items = append(items, embedItem{i, []float64{1}})
		}
		if size > 256<<10 {
			t.Errorf("%d bytes", size)
		}
		write(t, w, map[string]any{"data": items})
	})
	if _, err := e.Embed(t.Context(), slices.Repeat([]string{strings.Repeat("x", model.MaxEmbedText)}, 20)); err != nil || asked.Load() != 3 {
		t.Errorf("%d requests, %v", asked.Load(), err)
	}
}

func TestShorten(t *testing.T) {
	e := embedder(t, model.EmbedderConfig{Dimensions: 2, Shorten: true}, func(w http.ResponseWriter, r *http.Request) {
		var asked embedRequest
		read(t, r, "/v1/embeddings", &asked)
		if asked.Dimensions == nil || *asked.Dimensions != 2 {
			t.Errorf("asked for %v dimensions", asked.Dimensions)
		}
		write(t, w, map[string]any{"data": []embedItem{{0, []float64{1, 0}}}})
	})
	if _, err := e.Embed(t.Context(), []string{"a"}); err != nil {
		t.Error(err)
	}
	if e.Model() != "m" || e.Dimensions() != 2 || !e.Shortens() {
		t.Errorf("it is %s of %d dimensions, shortened: %t", e.Model(), e.Dimensions(), e.Shortens())
	}
}

func TestMalformedEmbeddings(t *testing.T) {
	for body, says := range map[string]string{
		``:        "not the JSON",
		`hunter2`: "not the JSON",
		`{}`:      "0 vectors for 2 texts",
		`{"data":[{"index":0,"embedding":[1,2]}]}`:      "1 vectors for 2",
		two(`{"index":0,"embedding":[1,2]}`):            "which vector",
		two(`{"embedding":[1,2]}`):                      "which vector",
		two(`{"index":2,"embedding":[1,2]}`):            "which vector",
		two(`{"index":-1,"embedding":[1,2]}`):           "which vector",
		two(`{"index":1,"embedding":[1]}`):              "1 dimensions instead of 2",
		two(`{"index":1,"embedding":[1,2,3]}`):          "3 dimensions instead of 2",
		two(`{"index":1,"embedding":[0,0]}`):            "zeros",
		two(`{"index":1,"embedding":[1e39,1]}`):         "not the JSON",
		two(`{"index":1,"embedding":"hunter2"}`):        "not the JSON",
		two(`{"index":1,"embedding":[1,2]}`) + `hunter`: "not the JSON",
	} {
		e := embedder(t, model.EmbedderConfig{Dimensions: 2}, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		_, err := e.Embed(t.Context(), []string{"a", "b"})
		fails(t, body, err, model.ErrMalformed, says)
	}
}

func two(second string) string {
	return `{"data":[{"index":0,"embedding":[1,2]},` + second + `]}`
}

func TestEndlessEmbeddings(t *testing.T) {
	e := embedder(t, model.EmbedderConfig{Dimensions: 2}, func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			_, _ = w.Write([]byte(strings.Repeat(" ", 1000)))
		}
	})
	_, err := e.Embed(t.Context(), []string{"a"})
	fails(t, "endless", err, model.ErrTooLarge, "more bytes")
}

func TestTextsThatCanNotBeEmbedded(t *testing.T) {
	e := embedder(t, model.EmbedderConfig{Dimensions: 2}, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	_, err := e.Embed(t.Context(), []string{"a", " \n"})
	fails(t, "blank", err, model.ErrRefused, "text 1 is blank")
	_, err = e.Embed(t.Context(), []string{strings.Repeat("x", model.MaxEmbedText+1)})
	fails(t, "large", err, model.ErrTooLarge, "split it")
	if got, err := e.Embed(t.Context(), nil); len(got.Vectors) != 0 || err != nil {
		t.Errorf("nothing: %v %v", got, err)
	}
}

func TestDimensionsAreBounded(t *testing.T) {
	for _, n := range []int{-1, 0, model.MaxDimensions + 1} {
		if _, err := model.NewEmbedder(doer(nil), model.EmbedderConfig{Endpoint: model.Endpoint{URL: "https://models.example", Model: "m"}, Dimensions: n}); err == nil {
			t.Errorf("%d dimensions are accepted", n)
		}
	}
}

func TestEmbedEndsWithItsContext(t *testing.T) {
	left := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e := embedder(t, model.EmbedderConfig{Dimensions: 2}, func(_ http.ResponseWriter, r *http.Request) {
		var asked embedRequest
		read(t, r, "/v1/embeddings", &asked)
		cancel()
		<-r.Context().Done()
		close(left)
	})
	if _, err := e.Embed(ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-left
}
