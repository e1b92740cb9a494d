package corpus

import (
	"crypto/sha256"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// The media types of files that are text already.
const (
	PlainText    = "text/plain"
	MarkdownText = "text/markdown"
)

// File is a document as its tenant sent it.
type File struct {
	ExternalID  string
	Title       string // that was given, or ""
	ContentType string // with the charset
	Type        string // media type of ContentType
	Attributes  filter.Attributes
	Owner       string   // as in an Upload
	Principals  []string // as in an Upload
	Purpose     string   // that the tenant gave it for, or ""
	Data        []byte   // of text, valid UTF-8 that is not blank
}

// Text reports whether the file is text already.
func (f File) Text() bool { return f.Type == PlainText || f.Type == MarkdownText }

// Sent is a hash of the file and of all that was said about it.
func (f File) Sent() []byte {
	said := [][]byte{[]byte(f.Title), []byte(f.ContentType), f.Attributes.Encode(), []byte(f.Purpose), f.Data}
	if f.Principals != nil {
		said = append(said, []byte(strings.Join(f.Principals, ",")))
	}
	sum := sha256.Sum256(seal.Bind(said...))
	return sum[:]
}
