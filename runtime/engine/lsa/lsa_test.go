package lsa

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRelatedWords has chunks about a hundred subjects. None has both of two words that
// mean the same, but either stands among the same others.
func TestRelatedWords(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var sample [][]Count
	for i := range 2000 {
		subject := i % 100
		synonym := fmt.Sprintf("synonym%d-%d", subject, random.IntN(2))
		counts := []Count{{synonym, 1}}
		for _, word := range random.Perm(20)[:8] {
			counts = append(counts, Count{fmt.Sprintf("word%d-%d", subject, word), 1})
		}
		sample = append(sample, counts)
	}
	basis := fit(t, sample, Seed{})
	question := basis.Project([]Count{{"synonym0-0", 1}})
	same, other := dot(question, basis.Project([]Count{{"synonym0-1", 1}})), dot(question, basis.Project([]Count{{"synonym1-1", 1}}))
	if same < 0.3 || math.Abs(other) > 0.1 {
		t.Errorf("cosine %v with the synonym, %v with the other subject's word", same, other)
	}
}

func TestFitIsDeterministic(t *testing.T) {
	sample := randomSample(MinChunks, 500, 30)
	first := fit(t, sample, Seed{1})
	if again := fit(t, sample, Seed{1}); again.Revision() != first.Revision() {
		t.Errorf("revision %s, then %s", first.Revision(), again.Revision())
	}
	if other := fit(t, sample, Seed{2}); other.Revision() == first.Revision() {
		t.Error("two seeds make one revision")
	}
	if first.Dimensions() != MinChunks/4 {
		t.Errorf("%d dimensions", first.Dimensions())
	}
	if many := fit(t, randomSample(600, 500, 30), Seed{}); many.Dimensions() != MaxDimensions {
		t.Errorf("%d dimensions for 600 chunks", many.Dimensions())
	}
}

func TestFitTooFew(t *testing.T) {
	var strangers [][]Count
	for i := range MinChunks {
		strangers = append(strangers, []Count{{fmt.Sprint("word", i), 1}})
	}
	for name, sample := range map[string][][]Count{
		"chunks":          randomSample(MinChunks-1, 100, 10),
		"words in common": strangers,
		"words":           make([][]Count, MinChunks),
	} {
		if _, err := Fit(sample, len(sample), Seed{}); !errors.Is(err, ErrTooFew) {
			t.Errorf("too few %s: %v", name, err)
		}
	}
	if _, err := Fit(randomSample(400, 100, 10), 399, Seed{}); err == nil {
		t.Error("a sample of more chunks than there are is no error")
	}
}

// TestFitPoor fits samples that have fewer directions than are asked for.
func TestFitPoor(t *testing.T) {
	var two [][]Count
	for i := range 500 {
		two = append(two, []Count{{fmt.Sprint("subject", i%2), uint32(i + 1)}, {fmt.Sprint("detail", i%2), uint32(i + 1)}})
	}
	if basis := fit(t, two, Seed{}); basis.Dimensions() != 2 {
		t.Errorf("%d dimensions of two", basis.Dimensions())
	}
	alike := slices.Repeat([][]Count{{{"a", 1}, {"b", 2}}}, 300)
	if _, err := Fit(alike, 300, Seed{}); !errors.Is(err, ErrTooFew) {
		t.Errorf("chunks that all are alike: %v", err)
	}
}

func TestProject(t *testing.T) {
	basis := fit(t, randomSample(MinChunks, 200, 20), Seed{})
	vector := basis.Project([]Count{{"w1", 3}, {"w50", 1}, {"unknown", 7}})
	if length := dot(vector, vector); math.Abs(length-1) > 1e-6 {
		t.Errorf("length %v", length)
	}
	if vector := basis.Project([]Count{{"unknown", 7}}); dot(vector, vector) != 0 || len(vector) != basis.Dimensions() {
		t.Errorf("unknown words have the vector %v", vector)
	}
}

func TestUnseen(t *testing.T) {
	words := newVocabulary(randomSample(MinChunks, 200, 20))
	known, unknown := []Count{{"w1", 3}}, []Count{{"unknown", 1}}
	if unseen := words.unseen(append(known, unknown...)); unseen != 0.25 {
		t.Errorf("%v of the words unseen, want 0.25", unseen)
	}
	if words.unseen(nil) != 0 || words.unseen(known) != 0 {
		t.Error("known words are unseen")
	}
}

func TestStale(t *testing.T) {
	sample := randomSample(MinChunks, 200, 20)
	basis, err := Fit(sample, 500, Seed{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		chunks int
		unseen float64
		want   bool
	}{{500, 0, false}, {999, 0.2, false}, {1000, 0, true}, {500, 0.25, true}} {
		if got := basis.Stale(test.chunks, test.unseen); got != test.want {
			t.Errorf("Stale(%d, %v) is %v", test.chunks, test.unseen, got)
		}
	}
}

// TestChoose checks that a choice is one of chunks, not of their numbers.
func TestChoose(t *testing.T) {
	const n = MaxSample + 1000
	shift := func(i int) int { return (i + 777) % n }
	key := func(i int) []byte { return fmt.Append(nil, i) }
	chosen := Choose(n, key, Seed{})
	var again []int
	for _, i := range Choose(n, func(i int) []byte { return key(shift(i)) }, Seed{}) {
		again = append(again, shift(i))
	}
	if diff := cmp.Diff(chosen, again); diff != "" {
		t.Errorf("renumbering shows:\n%s", diff)
	}
	if slices.Sort(chosen); len(slices.Compact(chosen)) != MaxSample {
		t.Errorf("%d chosen", len(chosen))
	}
	if other := Choose(n, key, Seed{1}); slices.Equal(chosen, slices.Sorted(slices.Values(other))) {
		t.Error("two seeds choose alike")
	}
	if all := Choose(5, key, Seed{}); len(all) != 5 {
		t.Errorf("%v chosen of 5", all)
	}
}

// TestLeading compares with the exact result: the share of the matrix that the leading
// directions hold.
func TestLeading(t *testing.T) {
	words := newVocabulary(randomSample(500, 120, 15))
	matrix := words.matrix(randomSample(500, 120, 15))
	exact := 0.0
	full := newDense(matrix.rows(), matrix.columns)
	for i := range matrix.rows() {
		for _, c := range matrix.row(i) {
			full.row(i)[c.column] = c.value
		}
	}
	const k = 20
	for _, pair := range eigen(full.gram())[:k] {
		exact += pair.value
	}
	directions := leading(matrix, k, rand.New(rand.NewPCG(1, 1)))
	held := 0.0
	for _, pair := range eigen(matrix.times(directions).gram()) {
		held += pair.value
	}
	if held < 0.95*exact || held > 1.0001*exact {
		t.Errorf("the directions hold %v, the best %v", held, exact)
	}
	for i, pair := range eigen(directions.gram()) {
		if math.Abs(pair.value-1) > 1e-4 {
			t.Errorf("direction %d has the square %v", i, pair.value)
		}
	}
}

func fit(t testing.TB, sample [][]Count, seed Seed) *Basis {
	t.Helper()
	basis, err := Fit(sample, len(sample), seed)
	if err != nil {
		t.Fatal(err)
	}
	return basis
}

// randomSample has chunks of words drawn as those of a language are: the n-th most
// frequent about as often as 1/n.
func randomSample(chunks, words, length int) [][]Count {
	random := rand.New(rand.NewPCG(1, 1))
	zipf := rand.NewZipf(random, 1.07, 2, uint64(words-1))
	sample := make([][]Count, chunks)
	for i := range sample {
		at := map[uint64]int{}
		for len(sample[i]) < length {
			word := zipf.Uint64()
			place, known := at[word]
			if !known {
				place, at[word] = len(sample[i]), len(sample[i])
				sample[i] = append(sample[i], Count{Term: fmt.Sprint("w", word)})
			}
			sample[i][place].Count++
		}
	}
	return sample
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
