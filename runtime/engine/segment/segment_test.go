package segment_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// documents makes n documents in which few terms are common and most are rare, as
// in texts.
func documents(seed uint64, n int) []segment.Document {
	r := rand.New(rand.NewPCG(seed, 0))
	var made []segment.Document
	for i := range n {
		d := segment.Document{ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, seed, i)), Attributes: fmt.Appendf(nil, "of %d", i)}
		at := uint32(0)
		for range r.IntN(4) {
			c := segment.Chunk{Start: at, End: at + r.Uint32N(1000), Heading: fmt.Sprint("Heading ", r.IntN(3)), Terms: segment.Terms{}}
			for range r.IntN(40) {
				c.Terms[fmt.Sprintf("term%d", int(r.ExpFloat64()*100))] += 1 + r.Uint32N(2)
			}
			at = c.End
			d.Chunks = append(d.Chunks, c)
		}
		made = append(made, d)
	}
	return made
}

func build(t testing.TB, documents []segment.Document) *segment.Segment {
	t.Helper()
	encoded, err := segment.Build(documents)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, encoded)
}

func open(t testing.TB, encoded []byte) *segment.Segment {
	t.Helper()
	s, err := segment.Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// contents reads everything out of a segment, as if it had been built from it.
func contents(s *segment.Segment, terms []string) []segment.Document {
	var all []segment.Document
	for n := range uint32(s.Documents()) {
		id, attributes, first, end := s.Document(n)
		d := segment.Document{ID: id, Attributes: attributes}
		for chunk := first; chunk < end; chunk++ {
			start, stop, heading := s.Span(chunk)
			d.Chunks = append(d.Chunks, segment.Chunk{Start: start, End: stop, Heading: heading, Terms: segment.Terms{}})
		}
		all = append(all, d)
	}
	for _, term := range terms {
		for cursor := s.Postings(term).Cursor(uint32(s.Chunks())); cursor.Next(); {
			for i, chunk := range cursor.Chunks {
				n := s.DocumentOf(chunk)
				_, _, first, _ := s.Document(n)
				all[n].Chunks[chunk-first].Terms[term] = cursor.Counts[i]
			}
		}
	}
	return all
}

func termsOf(documents []segment.Document) []string {
	terms := map[string]bool{}
	for _, d := range documents {
		for _, c := range d.Chunks {
			for term := range c.Terms {
				terms[term] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(terms))
}

func TestWhatIsBuiltIsFound(t *testing.T) {
	for _, n := range []int{0, 1, 2, 50, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			given := documents(1, n)
			terms := termsOf(given)
			s := build(t, given)
			if diff := cmp.Diff(given, contents(s, terms)); diff != "" {
				t.Errorf("(-given +found):\n%s", diff)
			}
			words := uint64(0)
			for i, d := range given {
				if n, found := s.Find(d.ID); !found || n != uint32(i) {
					t.Errorf("document %d is found as %d, %v", i, n, found)
				}
				_, _, first, _ := s.Document(uint32(i))
				for j, c := range d.Chunks {
					words += uint64(c.Terms.Length())
					if got := s.Length(first + uint32(j)); got != c.Terms.Length() {
						t.Errorf("chunk %d of document %d has %d words, not %d", j, i, got, c.Terms.Length())
					}
				}
			}
			if s.Words() != words {
				t.Errorf("%d words, not %d", s.Words(), words)
			}
			for _, term := range []string{"", "a", "term", "term0x", "zzz"} {
				if s.Postings(term).Count() != 0 {
					t.Errorf("%q is found", term)
				}
			}
			if _, found := s.Find(uuid.New()); found {
				t.Error("a document is found that nobody gave")
			}
		})
	}
}

// TestBounds: no posting of a block is beyond what its bound says.
func TestBounds(t *testing.T) {
	given := documents(2, 3000)
	s := build(t, given)
	blocks := 0
	for _, term := range termsOf(given) {
		list := s.Postings(term)
		cursor := list.Cursor(uint32(s.Chunks()))
		for n := uint32(0); ; n++ {
			bound, known := cursor.Bound(n)
			if !cursor.Next() {
				break
			}
			if known != (list.Count() > segment.BlockSize) {
				t.Fatalf("%s: bound known: %v, of %d postings", term, known, list.Count())
			}
			if !known {
				continue
			}
			blocks++
			var want segment.Bound
			want.Last, want.MinLength = cursor.Chunks[len(cursor.Chunks)-1], 1<<31
			for i, chunk := range cursor.Chunks {
				want.MaxCount, want.MinLength = max(want.MaxCount, cursor.Counts[i]), min(want.MinLength, s.Length(chunk))
			}
			if bound != want {
				t.Fatalf("%s: bound %+v, want %+v", term, bound, want)
			}
		}
		if list.Count() <= segment.BlockSize {
			continue
		}
		skipped, all := list.Cursor(uint32(s.Chunks())), list.Cursor(uint32(s.Chunks()))
		first, _ := skipped.Bound(0)
		all.Next()
		if !all.Next() || !skipped.Seek(first.Last+1) || !slices.Equal(skipped.Chunks, all.Chunks) {
			t.Fatalf("%s: after the first block come %v, not %v", term, skipped.Chunks, all.Chunks)
		}
	}
	if blocks < 10 {
		t.Errorf("only %d blocks were looked at", blocks)
	}
}

// TestMerge: a merge is what building from the live documents would give, to the byte.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	var sources []segment.Source
	var kept []segment.Document
	for i, n := range []int{700, 1, 0, 40, 200} {
		given := documents(uint64(10+i), n)
		dead := map[uint32]bool{}
		for at, d := range given {
			if dead[uint32(at)] = r.IntN(3) == 0; !dead[uint32(at)] {
				kept = append(kept, d)
			}
		}
		sources = append(sources, segment.Source{Segment: build(t, given), Live: func(n uint32) bool { return !dead[n] }})
	}
	merged, err := segment.Merge(sources)
	if err != nil {
		t.Fatal(err)
	}
	want, err := segment.Build(kept)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(merged, want) {
		t.Errorf("merged %d bytes, built %d: %s", len(merged), len(want),
			cmp.Diff(contents(open(t, want), termsOf(kept)), contents(open(t, merged), termsOf(kept))))
	}
}

// TestManyChunks: what is built in several goes is what is built of its parts, to the byte.
func TestManyChunks(t *testing.T) {
	given := documents(5, 12_000)
	var parts []segment.Source
	for part := range slices.Chunk(given, 1000) {
		parts = append(parts, segment.Source{Segment: build(t, part), Live: func(uint32) bool { return true }})
	}
	want, err := segment.Merge(parts)
	if err != nil {
		t.Fatal(err)
	}
	b, encoded := segment.NewBuilder(), 0
	for _, d := range given {
		if err := b.Document(d.ID, d.Attributes); err != nil {
			t.Fatal(err)
		}
		for _, c := range d.Chunks {
			if err := b.Chunk(c); err != nil {
				t.Fatal(err)
			}
			clear(c.Terms) // which are its caller's
		}
		encoded = b.Encoded()
	}
	got, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if encoded == 0 || !slices.Equal(got, want) {
		t.Errorf("built %d bytes after %d, merged %d", len(got), encoded, len(want))
	}
}

func TestLimits(t *testing.T) {
	long := make([]byte, segment.MaxAttribute+1)
	for name, d := range map[string]segment.Document{
		"a long term":         {Chunks: []segment.Chunk{{Terms: segment.Terms{string(long[:segment.MaxTerm]): 1}}}},
		"a long heading":      {Chunks: []segment.Chunk{{Heading: string(long[:segment.MaxHeading+1])}}},
		"an inverted span":    {Chunks: []segment.Chunk{{Start: 2, End: 1}}},
		"too many attributes": {Attributes: long},
	} {
		if _, err := segment.Build([]segment.Document{d}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzOpen: whatever the bytes are, a segment opens or is refused, and what opens
// can be read and merged without a panic.
func FuzzOpen(f *testing.F) {
	for _, n := range []int{0, 1, 20, 400} {
		encoded, err := segment.Build(documents(4, n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded, uint32(0), byte(0))
		for _, at := range []uint32{4, 8, 40, 60, 1000, uint32(len(encoded) / 2), uint32(len(encoded) - 1)} {
			f.Add(encoded, at, byte(0x81))
		}
	}
	f.Fuzz(func(_ *testing.T, in []byte, at uint32, flip byte) {
		if int(at) < len(in) {
			in = slices.Clone(in)
			in[at] ^= flip
		}
		s, err := segment.Open(in)
		if err != nil {
			return
		}
		contents(s, []string{"term0", "term1", "term99", "x"})
		_, _ = segment.Merge([]segment.Source{{Segment: s, Live: func(n uint32) bool { return n%2 == 0 }}})
	})
}
