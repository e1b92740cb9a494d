package parse

import (
	"context"
	"errors"
	"mime"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
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

// Parse makes text of a file of the type that its Content-Type names, which is not text
// already. It waits for its turn, and for the child to end whatever happens; the time
// that the file may take begins with its turn. Errors are *Error when they are the file's; ErrBusy.
func (p *Parser) Parse(ctx context.Context, contentType string, data []byte) (Text, error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || formats[media] == nil {
		return Text{}, because(Unsupported)
	}
	if len(data) > MaxBytes {
		return Text{}, because(TooLarge)
	}
	said, err := p.inChild(ctx, media, params["charset"], data)
	if err != nil {
		return Text{}, err
	}
	text := Text{Title: cleanLine(said.Title, maxTitle), Body: clean(said.Body)}
	if strings.TrimSpace(text.Body) == "" {
		return Text{}, because(NoText)
	}
	return text, nil
}
