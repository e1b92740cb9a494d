package fusion

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func chunk(number int) (c Chunk) {
	binary.BigEndian.PutUint64(c.Document[8:], uint64(number/3))
	c.Number = uint32(number % 3)
	return c
}

func TestRank(t *testing.T) {
	tests := map[string]struct {
		candidates []Candidate
		weight     float64
		want       []Scored
	}{
		"none": {nil, 0.5, []Scored{}},
		"both legs": {
			[]Candidate{{chunk(1), 10, 0}, {chunk(2), 0, 0.8}, {chunk(3), 5, 0.6}},
			0.5,
			[]Scored{{chunk(3), 0.625}, {chunk(1), 0.5}, {chunk(2), 0.5}},
		},
		"words alone": {
			[]Candidate{{chunk(1), 1, 0.9}, {chunk(2), 3, 0.1}},
			0,
			[]Scored{{chunk(2), 1}, {chunk(1), 0}},
		},
		"a constant leg counts nothing": {
			[]Candidate{{chunk(1), 1, 0.5}, {chunk(2), 3, 0.5}},
			0.5,
			[]Scored{{chunk(2), 0.5}, {chunk(1), 0}},
		},
		"one candidate":     {[]Candidate{{chunk(1), 7, 0.9}}, 0.5, []Scored{{chunk(1), 0}}},
		"negative cosines":  {[]Candidate{{chunk(1), 0, -0.5}, {chunk(2), 0, 0.5}}, 1, []Scored{{chunk(2), 1}, {chunk(1), 0}}},
		"equals by name":    {[]Candidate{{chunk(9), 1, 1}, {chunk(1), 1, 1}, {chunk(4), 0, 0}}, 0.5, []Scored{{chunk(1), 1}, {chunk(9), 1}, {chunk(4), 0}}},
		"equals by chunk":   {[]Candidate{{chunk(2), 1, 1}, {chunk(1), 1, 1}}, 0.5, []Scored{{chunk(1), 0}, {chunk(2), 0}}},
		"the smallest step": {[]Candidate{{chunk(1), 1, 0}, {chunk(2), math.Nextafter(1, 2), 0}}, 0.5, []Scored{{chunk(2), 0.5}, {chunk(1), 0}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Rank(test.candidates, test.weight)
			if diff := cmp.Diff(test.want, got, cmp.Comparer(near)); diff != "" {
				t.Errorf("Rank (-want +got):\n%s", diff)
			}
		})
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// TestDivisionDoesNotShow is the property that the ranking depends on the chunks and
// their scores alone: not on how they are divided, nor on any order.
func TestDivisionDoesNotShow(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		all := randomCandidates(random)
		weight := float64(random.IntN(5)) / 4
		want := search([][]Candidate{all}, weight)
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		divisions := make([][]Candidate, 1+random.IntN(9))
		for _, c := range all {
			i := random.IntN(len(divisions))
			divisions[i] = append(divisions[i], c)
		}
		if diff := cmp.Diff(want, search(divisions, weight)); diff != "" {
			t.Fatalf("seed %d: %d divisions (-whole +divided):\n%s", seed, len(divisions), diff)
		}
	}
}

// randomCandidates has scores of few values, so that many are equal.
func randomCandidates(random *rand.Rand) []Candidate {
	all := make([]Candidate, random.IntN(4*Depth))
	values := 1 + random.IntN(100)
	for i := range all {
		all[i] = Candidate{chunk(i), float64(random.IntN(values)), float64(random.IntN(values))/50 - 1}
	}
	return all
}

// search ranks as an engine does: each division's best of each leg, merged, and the
// union scored in both.
func search(divisions [][]Candidate, weight float64) []Scored {
	words, meaning := NewTop(Depth, 0), NewTop(Depth, 0)
	exact := map[Chunk]Candidate{}
	for _, division := range divisions {
		ownWords, ownMeaning := NewTop(Depth, 0), NewTop(Depth, 0)
		for _, c := range division {
			exact[c.Chunk] = c
			if c.Lexical > 0 {
				ownWords.Offer(Scored{c.Chunk, c.Lexical})
			}
			ownMeaning.Offer(Scored{c.Chunk, c.Dense})
		}
		for _, s := range ownWords.Best() {
			words.Offer(s)
		}
		for _, s := range ownMeaning.Best() {
			meaning.Offer(s)
		}
	}
	var candidates []Candidate
	for _, chunk := range Union(words.Best(), meaning.Best()) {
		candidates = append(candidates, exact[chunk])
	}
	return Rank(candidates, weight)
}

func TestTop(t *testing.T) {
	top := NewTop(2, 0)
	for number, score := range []float64{1, 3, 2, math.NaN(), 3} {
		if admitted := top.Admits(score); !admitted && score >= 2 {
			t.Errorf("a score of %v is not admitted", score)
		}
		top.Offer(Scored{chunk(number), score})
	}
	if diff := cmp.Diff([]Scored{{chunk(1), 3}, {chunk(4), 3}}, top.Best()); diff != "" {
		t.Errorf("Best (-want +got):\n%s", diff)
	}
	if top.Admits(2.5) {
		t.Error("a score below the worst kept is admitted")
	}
	none := NewTop(0, 0)
	none.Offer(Scored{chunk(1), 1})
	if none.Admits(1) || len(none.Best()) > 0 {
		t.Error("a top of none keeps one")
	}
}
