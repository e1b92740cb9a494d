package parse

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
)

// Config says what a Parser may use.
type Config struct {
	// Program and Arguments start a child; "/proc/self/exe" and Command when there is
	// no Program.
	Program   string
	Arguments []string
	// Children that run at a time; 1 when it is zero.
	Children int64
	// Memory of one child in bytes, 256 MiB when it is zero, LeastMemory or more. Go
	// takes 16 MiB for itself and the rest in pieces of 64 MiB. A file takes a few
	// times its own size, one that is mostly markup 30 times.
	Memory int64
	// Wait is how long a file waits for its turn; as long as its caller when it is zero.
	Wait time.Duration
}

// LeastMemory is what a child can begin with, in bytes.
const LeastMemory = 96 << 20

// ErrBusy: no child had time for the file.
var ErrBusy = errors.New("too many files are being read")

// MediaType is that of a Content-Type, when files of it are read. Errors: *Error.
func MediaType(contentType string) (string, error) {
	_, media, _, err := formatOf(contentType)
	return media, err
}

// Parser makes text of files. It is safe for concurrent use.
type Parser struct {
	config Config
	turns  *semaphore.Weighted
	wait   time.Duration // for a child
}

// New makes a Parser. It starts no process.
func New(c Config) *Parser {
	if c.Program == "" {
		c.Program, c.Arguments = "/proc/self/exe", []string{Command}
	}
	if c.Children == 0 {
		c.Children = 1
	}
	if c.Memory == 0 {
		c.Memory = 256 << 20
	}
	return &Parser{config: c, turns: semaphore.NewWeighted(c.Children), wait: maxWait}
}

// Parse makes text of a file of the type that its Content-Type names. It waits for
// its turn, and for the child to end whatever happens; the time that the file may
// take begins with its turn. Errors are *Error when they are the file's; ErrBusy.
func (p *Parser) Parse(ctx context.Context, contentType string, data []byte) (Text, error) {
	f, media, charset, err := formatOf(contentType)
	if err != nil {
		return Text{}, err
	}
	if len(data) > MaxBytes {
		return Text{}, because(TooLarge)
	}
	var said Text
	if f.inProcess {
		said, err = convert(f, data, charset)
	} else {
		said, err = p.inChild(ctx, media, charset, data)
	}
	if err != nil {
		return Text{}, err
	}
	text := Text{Title: cleanLine(said.Title, maxTitle), Body: clean(said.Body), Media: engine.Markdown}
	if media == mediaText {
		text.Media = engine.Plain
	}
	if strings.TrimSpace(text.Body) == "" {
		return Text{}, because(NoText)
	}
	return text, nil
}

// convert reads a file in this process.
func convert(f format, data []byte, charset string) (Text, error) {
	w := &writer{}
	if err := f.read(w, data, charset); err != nil {
		return Text{}, err
	}
	return w.text()
}
