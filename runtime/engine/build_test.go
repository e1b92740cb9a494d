package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/test/prose"
)

// madeOf is a text of at least so many bytes.
func madeOf(bytes int, one func(*rand.Rand) string) string {
	var b strings.Builder
	for r := rand.New(rand.NewPCG(1, 2)); b.Len() < bytes; {
		b.WriteString(one(r))
	}
	return b.String()
}

// live is the memory that is in use.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// counting is a context that looks at the memory in use now and then, when it is asked
// whether it is over: that is once a chunk.
type counting struct {
	context.Context
	asked int
	peak  int64
}

func (c *counting) Err() error {
	if c.asked++; c.asked%400 == 0 {
		c.peak = max(c.peak, live())
	}
	return c.Context.Err()
}

// Building holds little more than what it makes, whatever the text is.
func TestMemoryOfBuilding(t *testing.T) {
	const size = 2 << 20
	all := map[string]string{
		"prose":         strings.Repeat(prose.NewAuthor(1).Document(100), 20),
		"rare words":    madeOf(size, func(r *rand.Rand) string { return fmt.Sprintf("%x ", r.Uint32()) }),
		"short words":   madeOf(size, func(r *rand.Rand) string { return fmt.Sprintf("%c%c ", 'a'+r.Int32N(26), 'a'+r.Int32N(26)) }),
		"ideographs":    madeOf(size, func(r *rand.Rand) string { return string('一' + r.Int32N(20_000)) }),
		"headings":      madeOf(size/8, func(r *rand.Rand) string { return fmt.Sprintf("# s%d\nx\n", r.Uint32()) }),
		"one long line": strings.Repeat("x", size),
	}
	for name, text := range all {
		t.Run(name, func(t *testing.T) {
			volume := Volume("A title", text, Markdown)
			chunks := Split(text, Markdown)
			if volume.Chunks != int64(len(chunks)) {
				t.Errorf("%d chunks, but %d are counted", len(chunks), volume.Chunks)
			}
			ctx := &counting{Context: t.Context()}
			before := live()
			encoded, err := Build(ctx, language.English, []Document{{Title: "A title", Text: text, Chunks: chunks}})
			if err != nil {
				t.Fatal(err)
			}
			const lists, known = 8 << 20, 4 << 20 // of chunks that are not encoded yet, and of the analyser
			if int64(len(encoded)) > 2*volume.Bytes || ctx.peak-before > 2*volume.Bytes+lists+known {
				t.Errorf("%d bytes of a volume of %d; %d were held", len(encoded), volume.Bytes, ctx.peak-before)
			}
			runtime.KeepAlive(chunks)
		})
	}
}

// A text whose words fold to what is many times longer is refused before that is held.
func TestDenseText(t *testing.T) {
	text := madeOf(2<<20, func(r *rand.Rand) string { return fmt.Sprintf("%x\ufdfa ", r.Uint32()) })
	document := Document{Text: text, Chunks: Split(text, Plain)}
	if _, err := Build(t.Context(), language.English, []Document{document}); !errors.Is(err, ErrDense) {
		t.Errorf("%v, want %v", err, ErrDense)
	}
}

func TestBuildingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	document := Document{Text: "text", Chunks: Split("text", Plain)}
	if _, err := Build(ctx, language.English, []Document{document}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}
