package parse

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The test binary is also the child process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Command {
		os.Exit(Child(os.Args[2:]))
	}
	if len(os.Args) > 1 && strangers[os.Args[1]] != nil {
		strangers[os.Args[1]]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// parsed reads a file in a child process.
func parsed(t *testing.T, contentType string, data []byte) Text {
	t.Helper()
	text, err := New(Config{}).Parse(t.Context(), contentType, data)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return text
}

// refused is the reason for which a file is refused.
func refused(t *testing.T, contentType string, data []byte) Reason {
	t.Helper()
	text, err := New(Config{}).Parse(t.Context(), contentType, data)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("Parse: %d bytes, %v; want an Error", len(text.Body), err)
	}
	if len(e.Error()) < 40 {
		t.Errorf("the message of %s says too little: %q", e.Reason, e.Error())
	}
	return e.Reason
}

func compare(t *testing.T, got, want Text) {
	t.Helper()
	want.Body = strings.TrimSpace(want.Body)
	got.Body = strings.TrimSpace(got.Body)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestMediaType(t *testing.T) {
	for contentType, want := range map[string]string{
		"text/plain; charset=utf-8": mediaText, "text/markdown": mediaMarkdown, "Text/HTML": mediaHTML, mediaPDF: mediaPDF,
		"image/png": "", "": "", "text": "",
	} {
		if got, err := MediaType(contentType); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", contentType, got, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := map[string]struct {
		contentType string
		data        []byte
		want        Reason
	}{
		"no type":            {"", []byte("x"), Unsupported},
		"an image":           {"image/png", []byte("x"), Unsupported},
		"text already":       {mediaText, []byte("x"), Unsupported},
		"blank":              {mediaHTML, []byte("<p> \u200b\n"), NoText},
		"empty HTML":         {mediaHTML, []byte("<p hidden>x</p><script>y</script>"), NoText},
		"more than it reads": {mediaHTML, bytes.Repeat([]byte("x"), MaxBytes+1), TooLarge},
		"deep HTML":          {mediaHTML, bytes.Repeat([]byte("<div>"), 100_000), Malformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := refused(t, test.contentType, test.data); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// TestTooMuchText fills a writer to its bound, and one byte further.
func TestTooMuchText(t *testing.T) {
	for size, want := range map[int]error{maxText - 2: nil, maxText - 1: because(TooLarge)} {
		w := &writer{}
		w.paragraph(strings.Repeat("x", size))
		if _, err := w.text(); !reflect.DeepEqual(err, want) {
			t.Errorf("%d bytes: %v, want %v", size, err, want)
		}
	}
}

// TestOutOfMemory reads a page whose elements take more memory than a child has.
func TestOutOfMemory(t *testing.T) {
	if got := refused(t, mediaHTML, bytes.Repeat([]byte("<p>"), 8<<20)); got != OutOfMemory {
		t.Errorf("%s, want %s", got, OutOfMemory)
	}
}

// TestTurns has more files than children: callers wait, and one that gives up gets
// its context's error.
func TestTurns(t *testing.T) {
	p := New(Config{})
	if err := p.turns.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.Parse(ctx, mediaHTML, []byte("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Parse without a turn: %v", err)
	}
	p.turns.Release(1)
	if _, err := p.Parse(t.Context(), mediaHTML, []byte("x")); err != nil {
		t.Errorf("Parse with a turn: %v", err)
	}
}

// TestNoChild tells our errors from the file's.
func TestNoChild(t *testing.T) {
	for name, c := range map[string]Config{
		"no program":    {Program: "/nowhere"},
		"wrong program": {Program: "/proc/self/exe", Arguments: []string{Command, "extra"}},
	} {
		_, err := New(c).Parse(t.Context(), mediaHTML, []byte("x"))
		if e := (*Error)(nil); err == nil || errors.As(err, &e) {
			t.Errorf("%s: %v, want an error that is not the file's", name, err)
		}
	}
}
