package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// MaxName and MaxTitle are the longest external id and title, in bytes.
const (
	MaxName  = 512
	MaxTitle = 512
)

// The media types of files that are text already, valid UTF-8 and not blank.
const (
	Plain    = "text/plain"
	Markdown = "text/markdown"
)

// File is a document as its tenant sent it.
type File struct {
	Name        string // external id
	Title       string // that was given, or ""
	ContentType string // with the charset
	Media       string // type of ContentType
	Data        []byte
}

// Parsed reports whether the file is read by a parser.
func (f File) Parsed() bool { return f.Media != Plain && f.Media != Markdown }

// Sent is a hash of the file and of all that was said about it.
func (f File) Sent() []byte {
	sum := sha256.Sum256(seal.Bind([]byte(f.Title), []byte(f.ContentType), f.Data))
	return sum[:]
}

// Read makes a document's text and title of the file. Errors: *parse.Error,
// parse.ErrBusy.
func (f File) Read(ctx context.Context, p *parse.Parser) (corpus.Upload, error) {
	up := corpus.Upload{ExternalID: f.Name, Title: f.Title, Type: f.Media, Text: f.Data, Sent: f.Sent()}
	if f.Media == Markdown {
		up.Media = engine.Markdown
	}
	if f.Parsed() {
		text, err := p.Parse(ctx, f.ContentType, f.Data)
		if err != nil {
			return corpus.Upload{}, err
		}
		up.Text, up.Media = []byte(text.Body), text.Media
		if up.Title == "" {
			up.Title = text.Title
		}
	}
	if up.Title == "" {
		up.Title = heading(up)
	}
	if up.Title == "" {
		up.Title = f.Name
	}
	return up, nil
}

// heading is a Markdown document's first one, or "".
func heading(up corpus.Upload) string {
	if up.Media != engine.Markdown {
		return ""
	}
	for line := range bytes.Lines(up.Text) {
		marked := bytes.TrimLeft(line, "#")
		title := string(bytes.TrimSpace(marked))
		if len(marked) < len(line) && bytes.HasPrefix(marked, []byte(" ")) && title != "" && Printable(title) {
			return clip(title, MaxTitle)
		}
	}
	return ""
}

// clip shortens to at most n bytes between two runes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Printable reports whether s is UTF-8 without control characters.
func Printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
