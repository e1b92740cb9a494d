//go:build bench

package replica_test

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// quickEmbedder is an embedding model that takes little of the machine that it is
// measured on. A text's vector is the sum of random ones, one for each of its words, and
// one of its own. Texts share words as those of a language do, so that their vectors are
// a continuum and no clusters that are easily told apart.
type quickEmbedder struct {
	llm
	dimensions int
	random     []float32 // two cuts of it are a word's vector

	mu      sync.Mutex
	watched []*neighbours
}

const (
	randomNumbers = 1 << 20
	// synonym ends a word that means the same without it, and that no document has.
	synonym = "q"
)

func newQuickEmbedder(t *testing.T, dimensions int) *quickEmbedder {
	t.Helper()
	e := &quickEmbedder{dimensions: dimensions, random: make([]float32, randomNumbers+dimensions)}
	source := rand.New(rand.NewPCG(uint64(dimensions), 0))
	for i := range e.random {
		e.random[i] = float32(source.NormFloat64())
	}
	e.llm = newLLM(t, func(w http.ResponseWriter, r *http.Request) {
		var question struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
			t.Errorf("asked %s, %v", r.URL.Path, err)
		}
		_, _ = w.Write(e.answer(question.Input))
	})
	return e
}

func (e *quickEmbedder) embeds(b *binding.Binding) {
	b.Models = &binding.Models{
		Embedding: &binding.EmbeddingModel{ModelEndpoint: e.endpoint(), Dimensions: e.dimensions}, Private: e.private(),
	}
}

func (e *quickEmbedder) answer(texts []string) []byte {
	const digits, numberBytes = 6, 14
	out := make([]byte, 0, len(texts)*e.dimensions*numberBytes)
	out = append(out, `{"data":[`...)
	for i, text := range texts {
		v := e.vector(text)
		e.compare(text, v)
		out = fmt.Appendf(out, `{"index":%d,"embedding":[`, i)
		for _, x := range v {
			out = append(strconv.AppendFloat(out, float64(x), 'g', digits, 32), ',')
		}
		out = append(out[:len(out)-1], "]},"...)
	}
	return append(out[:len(out)-1], "]}"...)
}

// vector is a text's, of length 1.
func (e *quickEmbedder) vector(text string) []float32 {
	v := make([]float32, e.dimensions)
	for word := range strings.FieldsSeq(text) {
		e.add(strings.TrimSuffix(word, synonym), v)
	}
	e.add(text, v)
	length := float32(math.Sqrt(dot(v, v)))
	for i := range v {
		v[i] /= length
	}
	return v
}

func (e *quickEmbedder) add(what string, to []float32) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(what)) // never fails
	sum := hash.Sum(nil)
	a := e.random[binary.BigEndian.Uint32(sum)%randomNumbers:][:len(to)]
	b := e.random[binary.BigEndian.Uint32(sum[4:])%randomNumbers:][:len(to)]
	for i := range to {
		to[i] += a[i] + b[i]
	}
}

func dot(a, b []float32) float64 {
	sum := float32(0)
	for i, x := range a {
		sum += x * b[i]
	}
	return float64(sum)
}

// neighbours are the texts nearest to a question of all that are embedded.
type neighbours struct {
	question string
	vector   []float32
	nearest  []neighbour // first the nearest
}

type neighbour struct {
	text   string
	cosine float64
}

const nearest = 10

// watch has the nearest chunks to questions be found among all that is embedded from now
// on, exactly.
func (e *quickEmbedder) watch(questions []string) []*neighbours {
	for _, q := range questions {
		e.watched = append(e.watched, &neighbours{question: q, vector: e.vector(q)})
	}
	return e.watched
}

// compare looks whether a text is near to what is watched, unless it is a question.
func (e *quickEmbedder) compare(text string, v []float32) {
	if !strings.Contains(text, "\n") {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.watched {
		w.offer(neighbour{text, dot(v, w.vector)})
	}
}

func (w *neighbours) offer(n neighbour) {
	full := len(w.nearest) == nearest
	if full && n.cosine <= w.nearest[nearest-1].cosine || slices.Contains(w.nearest, n) { // it was sent again
		return
	}
	at, _ := slices.BinarySearchFunc(w.nearest, n, func(a, b neighbour) int { return cmp.Compare(b.cosine, a.cosine) })
	w.nearest = slices.Insert(w.nearest, at, n)
	w.nearest = w.nearest[:min(nearest, len(w.nearest))]
}

// has reports whether a passage is one of the nearest chunks: those were embedded with
// what they stand under.
func (w *neighbours) has(passage string) bool {
	return slices.ContainsFunc(w.nearest, func(n neighbour) bool { return strings.HasSuffix(n.text, "\n"+passage) })
}
