package ingest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
)

// MaxName and MaxTitle are the longest external id and title, in bytes.
const (
	MaxName  = 512
	MaxTitle = 512
)

// ErrText: the text of the file is larger than a document may be.
var ErrText = errors.New("the text of the file is too large")

// Turn waits for the turn of a file's tenant to have one parsed, until end.
type Turn func(context.Context) (end func(), err error)

// Read makes a document's title and text of a file, in its tenant's turn unless it is text
// already; the text has so many bytes at most. Errors: *parse.Error, parse.ErrBusy, ErrText,
// those of the turn.
func Read(ctx context.Context, p *parse.Parser, turn Turn, f corpus.File, most int64) (corpus.Upload, error) {
	up := corpus.Upload{ExternalID: f.ExternalID, Title: f.Title, Type: f.Type, Attributes: f.Attributes, Purpose: f.Purpose, Owner: f.Owner, Principals: f.Principals, Sent: f.Sent()}
	if f.Type == corpus.MarkdownText {
		up.Media = engine.Markdown
	}
	if f.Text() {
		if up.Text = parse.Visible(f.Data); len(bytes.TrimSpace(up.Text)) == 0 {
			return corpus.Upload{}, &parse.Error{Reason: parse.NoText}
		}
	} else {
		end, err := turn(ctx)
		if err != nil {
			return corpus.Upload{}, err
		}
		defer end()
		text, err := p.Parse(ctx, f.ContentType, f.Data)
		if err != nil {
			return corpus.Upload{}, err
		}
		up.Text, up.Media = []byte(text.Body), engine.Markdown
		up.Title = cmp.Or(up.Title, text.Title)
	}
	if int64(len(up.Text)) > most {
		return corpus.Upload{}, ErrText
	}
	up.Title = cmp.Or(up.Title, heading(up), f.ExternalID)
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

// Printable reports whether s is UTF-8 that shows all that it holds: no control characters,
// and none of those that hide or reorder others, with which a name looks like another.
func Printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) && string(parse.Visible([]byte(s))) == s
}
