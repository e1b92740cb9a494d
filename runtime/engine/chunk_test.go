package engine

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	type chunk struct{ Heading, Text string }
	prose := strings.TrimSpace(strings.Repeat("This sentence is one of many in its long paragraph. ", 30))
	code := "```go\n" + strings.Repeat("x := 1\n", 60) + "```"
	tests := map[string]struct {
		text  string
		media Media
		want  []chunk
	}{
		"blank":      {" \n\t\r\n", Markdown, nil},
		"plain text": {"First.\n\n# no heading\n", Plain, []chunk{{"", "First.\n\n# no heading"}}},
		"a heading and its text": {
			"# Guide\n\n## Refunds ##\nWithin 30 days.\n", Markdown,
			[]chunk{{"Guide > Refunds", "# Guide\n\n## Refunds ##\nWithin 30 days."}},
		},
		"a section each": {
			"Intro.\n# A\none\n## B\ntwo\n# C\nthree", Markdown,
			[]chunk{{"", "Intro."}, {"A", "# A\none"}, {"A > B", "## B\ntwo"}, {"C", "# C\nthree"}},
		},
		"underlined headings": {
			"Guide\n=====\none\n\nRefunds\n---\ntwo", Markdown,
			[]chunk{{"Guide", "Guide\n=====\none"}, {"Guide > Refunds", "Refunds\n---\ntwo"}},
		},
		"no underline of two lines": {
			"a\nb\n---\n\nc\n---\nd", Markdown,
			[]chunk{{"", "a\nb\n---"}, {"c", "c\n---\nd"}},
		},
		"no heading in fenced code": {
			"# A\n~~~\n# comment\n~~~\nend", Markdown,
			[]chunk{{"A", "# A\n~~~\n# comment\n~~~\nend"}},
		},
		"cut between sentences, with overlap": {
			prose, Plain,
			[]chunk{{"", prose[:52*18+51]}, {"", prose[52*15:]}},
		},
		"code whole": {
			prose[:52*12] + "\n\n" + code, Markdown,
			[]chunk{{"", prose[:52*12-1]}, {"", prose[52*8:52*12] + "\n\n" + code}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []chunk
			for _, c := range Split(test.text, test.media) {
				got = append(got, chunk{c.Heading, test.text[c.Start:c.End]})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Split (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSplitHostile splits long texts without structure. That it does so in linear
// time shows in the number of chunks, which is the number of steps.
func TestSplitHostile(t *testing.T) {
	const size = 1 << 20
	for name, pattern := range map[string]string{
		"letters": "a", "ideographs": "字", "full stops": ".", "closers": `."`, "blanks": "a ", "newlines": "a\n\n",
		"headings": "# a\n", "empty headings": "#\n", "fences": "```\n", "tables": "|\n", "items": "- \n", "broken": "\xe5\xad", "continuations": "\x80",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(pattern, size/len(pattern))
			chunks := Split(text, Markdown)
			checkChunks(t, text, chunks)
			if most := 2*size/chunkBytes + 1; len(chunks) > most {
				t.Errorf("%d chunks, want at most %d", len(chunks), most)
			}
		})
	}
}

// TestSplitUnderlines: of lines that may underline a heading each takes its own time,
// however long the paragraph is that they are in. Looking at it again for each would
// take a minute.
func TestSplitUnderlines(t *testing.T) {
	const size, limit = 1 << 21, 10 * time.Second
	for _, underline := range []string{"--\n", "==\n"} {
		text := strings.Repeat("a", size) + "\nb\n" + strings.Repeat(underline, size/4)
		began := time.Now()
		checkChunks(t, text, Split(text, Markdown))
		if took := time.Since(began); took > limit {
			t.Errorf("%q: %v", underline, took)
		}
	}
}

func TestSplitLongHeading(t *testing.T) {
	for _, c := range Split("# "+strings.Repeat("é", 1<<20), Markdown) {
		if len(c.Heading) > headingBytes || !utf8.ValidString(c.Heading) {
			t.Fatalf("heading of %d bytes", len(c.Heading))
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"", "# A\n\ntext. More text.\n- item\n  more\n1. one\n\n```\ncode\n```\n", "T\n===\n| a | b |\n|---|---|\n",
		"\u202eright\u202c to \u2067left\u2069. שלום! مرحبا؟", "\xff\xfe.\x80 a\xe5", "第一章。第二！「第三？」", "\r\n\r\n#\r\n", "######", "> q\n",
	} {
		f.Add(seed, 1)
		f.Add(seed, 300)
	}
	f.Fuzz(func(t *testing.T, pattern string, times int) {
		if times < 0 || times > 1000 || len(pattern)*times > 1<<16 {
			t.Skip()
		}
		text := strings.Repeat(pattern, times)
		for _, media := range []Media{Plain, Markdown} {
			chunks := Split(text, media)
			checkChunks(t, text, chunks)
			if diff := cmp.Diff(chunks, Split(text, media)); diff != "" {
				t.Errorf("not deterministic:\n%s", diff)
			}
		}
	})
}

// checkChunks checks what holds for the chunks of any text.
func checkChunks(t *testing.T, text string, chunks []Chunk) {
	t.Helper()
	starts := make([]bool, len(text)+1)
	for at := range text {
		starts[at] = true
	}
	starts[len(text)] = true
	covered := 0
	for i, c := range chunks {
		if c.Start < 0 || c.Start >= c.End || c.End > len(text) || c.End-c.Start > chunkBytes {
			t.Fatalf("chunk %d spans %d to %d", i, c.Start, c.End)
		}
		if !starts[c.Start] || !starts[c.End] {
			t.Fatalf("chunk %d, %d to %d, cuts a rune", i, c.Start, c.End)
		}
		if i > 0 && (c.Start <= chunks[i-1].Start || c.End <= chunks[i-1].End || chunks[i-1].End-c.Start > overlapBytes) {
			t.Fatalf("chunk %d, %d to %d, after %d to %d", i, c.Start, c.End, chunks[i-1].Start, chunks[i-1].End)
		}
		if c.Start > covered && strings.TrimFunc(text[covered:c.Start], unicode.IsSpace) != "" {
			t.Fatalf("no chunk covers %d to %d", covered, c.Start)
		}
		covered = c.End
	}
	if strings.TrimFunc(text[covered:], unicode.IsSpace) != "" {
		t.Fatalf("no chunk covers what follows %d", covered)
	}
}
