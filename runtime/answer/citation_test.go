package answer

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func cite(text string) (string, []Citation) {
	c := NewCitations(3)
	first, found := c.Write(text)
	rest, more := c.Close()
	return first + rest, append(found, more...)
}

func TestCitations(t *testing.T) {
	for text, c := range map[string]struct {
		want  string
		found []Citation
	}{
		"":                             {},
		"Plain.":                       {want: "Plain."},
		"Six [1].":                     {"Six [1].", []Citation{{0, 4, 7}}},
		"Grün[2][3].":                  {"Grün[2][3].", []Citation{{1, 5, 8}, {2, 8, 11}}},
		"a [1, 3,1] b":                 {"a [1][3] b", []Citation{{0, 2, 5}, {2, 5, 8}}},
		"a [ 2 ]":                      {"a [2]", []Citation{{1, 2, 5}}},
		"a [01]":                       {"a [1]", []Citation{{0, 2, 5}}},
		"a[4], b [0] c[1,9]":           {"a , b  c[1]", []Citation{{0, 8, 11}}},
		"www[9].evil.example":          {want: "www .evil.example"},
		"[9]x":                         {want: "x"},
		"[2024] [99999999999999]":      {want: " "},
		"[], [ ], [a], [1a], [-1], [1": {want: "[], [ ], [a], [1a], [-1], [1"},
		"[[1]]":                        {"[[1]]", []Citation{{0, 1, 4}}},
		"[" + strings.Repeat(" ", maxMark-3) + "1]": {"[1]", []Citation{{0, 0, 3}}},
		"[" + strings.Repeat(" ", maxMark-2) + "1]": {want: "[" + strings.Repeat(" ", maxMark-2) + "1]"},
		"[" + strings.Repeat(" ", maxMark) + "1]":   {want: "[" + strings.Repeat(" ", maxMark) + "1]"},
	} {
		got, found := cite(text)
		if diff := cmp.Diff(c.found, found); got != c.want || diff != "" {
			t.Errorf("%q becomes %q, want %q\n%s", text, got, c.want, diff)
		}
	}
}

func TestMarksAreHeldNoLonger(t *testing.T) {
	c := NewCitations(3)
	for range 10_000 {
		c.Write("[1, 1")
		if len(c.held) > maxMark {
			t.Fatalf("%d bytes are held", len(c.held))
		}
	}
}

// checkFiltered passes text through a Filter whole and in pieces.
func checkFiltered(t *testing.T, r *rand.Rand, text string) {
	t.Helper()
	run := func(pieces func(write func(string) string) string) (string, []Citation) {
		f := NewFilter(testSources)
		var found []Citation
		got := pieces(func(piece string) string {
			passed, more := f.Write(piece)
			found = append(found, more...)
			return passed
		})
		rest, more := f.Close()
		return got + rest, append(found, more...)
	}
	got, found := run(func(write func(string) string) string { return write(text) })
	pieces, same := run(func(write func(string) string) string { return inPieces(r, text, write) })
	if diff := cmp.Diff(found, same); pieces != got || diff != "" {
		t.Errorf("%q becomes %q, and in pieces %q\n%s", text, got, pieces, diff)
	}
	if !utf8.ValidString(got) {
		t.Errorf("%q becomes %q", text, got)
	}
	end := 0
	for _, c := range found {
		if c.Start < end || c.Source < 0 || c.Source >= len(testSources) || got[c.Start:c.End] != fmt.Sprintf("[%d]", c.Source+1) {
			t.Errorf("%q: %+v in %q", text, c, got)
		}
		end = c.End
	}
	if again := sanitise(got); again != got {
		t.Errorf("%q becomes %q, and sanitised again %q", text, got, again)
	}
	checkHarmless(t, text, got)
}

func TestHostileCitations(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		if checkFiltered(t, r, hostile(r)); t.Failed() {
			return
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("Six [1][9] www[9].evil.example https:[9]//evil <[9]img src=x>", uint64(1))
	for _, text := range fragments {
		f.Add("[9]"+text+"[9]", uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		checkFiltered(t, rand.New(rand.NewPCG(seed, 0)), text)
	})
}

func TestFilterCounts(t *testing.T) {
	f := NewFilter(testSources)
	text, found := f.Write("A [1] <b>[7] https://evil.example ")
	rest, _ := f.Close()
	things, citations := f.Removed()
	if text+rest != "A [1]   " || len(found) != 1 || things != 2 || citations != 1 {
		t.Errorf("%q %v, removed %d and %d", text+rest, found, things, citations)
	}
}
