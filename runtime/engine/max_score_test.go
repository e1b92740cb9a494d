package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// TestRankIsExhaustive is the property that the chunks that are left out are not among
// the best: what is found is, to the last bit, what scoring every chunk finds, however
// the index is divided, with documents that died or do not match, and with ties.
func TestRankIsExhaustive(t *testing.T) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 1))
		x := randomIndex(t, random)
		chosen := x
		if seed%3 == 0 {
			chosen = x.Restrict(func(attributes []byte) bool { return attributes[0]%4 != 0 })
		}
		for range 30 {
			words := x.words(randomQuery(random))
			limit, perDocument := []int{1, 10, 100}[random.IntN(3)], []int{0, 1, 3}[random.IntN(3)]
			want := fusion.NewTop(limit, perDocument)
			for i := range chosen.views {
				chosen.views[i].scoreAll(words, want)
			}
			got := chosen.wordLeg(words, fusion.NewTop(limit, perDocument))
			if diff := cmp.Diff(want.Best(), got.best); diff != "" {
				t.Fatalf("seed %d, %v, %d of which %d of a document (-exhaustive +ranked):\n%s", seed, words.terms, limit, perDocument, diff)
			}
		}
	}
}

// scoreAll offers every live chunk.
func (v *view) scoreAll(w words, best *fusion.Top) {
	sums := make([]points, v.Chunks())
	for _, term := range w.terms {
		for cursor := v.Postings(term.text).Cursor(uint32(v.Chunks())); cursor.Next(); {
			for i, chunk := range cursor.Chunks {
				sums[chunk] += w.model.points(term.rarity, cursor.Counts[i], v.Length(chunk))
			}
		}
	}
	for chunk, sum := range sums {
		if sum > 0 && v.lives(uint32(chunk)) {
			best.Offer(fusion.Scored{Chunk: v.name(uint32(chunk)), Score: sum.score()})
		}
	}
}

// randomIndex has thousands of chunks, so that lists have blocks and windows differ, in
// up to four parts, and some dead.
func randomIndex(t *testing.T, random *rand.Rand) *Index {
	t.Helper()
	var parts []Part
	for number := range 1 + random.IntN(4) {
		var documents []segment.Document
		for i := range 300 + random.IntN(500) {
			documents = append(documents, segment.Document{ID: id(1000*number + i), Attributes: []byte{byte(random.Uint32())}})
			d := &documents[len(documents)-1]
			for range random.IntN(10) {
				d.Chunks = append(d.Chunks, segment.Chunk{Terms: randomTerms(random)})
			}
		}
		encoded, err := segment.Build(documents)
		if err != nil {
			t.Fatal(err)
		}
		var dead []uuid.UUID
		for range random.IntN(100) {
			dead = append(dead, documents[random.IntN(len(documents))].ID)
		}
		parts = append(parts, Part{Segment: open(t, encoded), Dead: dead})
	}
	return NewIndex(language.English, parts)
}

// randomTerms has few that are frequent and many that are rare, so that scores tie.
func randomTerms(random *rand.Rand) segment.Terms {
	terms := segment.Terms{}
	for range 1 + random.IntN(20) {
		terms[fmt.Sprintf("w%d", random.IntN(1+random.IntN(1+random.IntN(300))))] += uint32(1 + random.IntN(3)/2)
	}
	return terms
}

func randomQuery(random *rand.Rand) (query string) {
	for range 1 + random.IntN(8) {
		query += fmt.Sprintf("w%d ", random.IntN(1+random.IntN(300)))
	}
	return query
}

// TestFrequency: the chunks of the dead do not count.
func TestFrequency(t *testing.T) {
	x := randomIndex(t, rand.New(rand.NewPCG(5, 5)))
	for i := range x.views {
		v := &x.views[i]
		for term, postings := range v.Terms() {
			want := 0
			for cursor := postings.Cursor(uint32(v.Chunks())); cursor.Next(); {
				want += len(slices.DeleteFunc(slices.Clone(cursor.Chunks), func(chunk uint32) bool { return !v.lives(chunk) }))
			}
			if got := v.frequency(term); got != want {
				t.Errorf("%s: %d, not %d", term, got, want)
			}
		}
	}
}
