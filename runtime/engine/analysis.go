package engine

import (
	"context"
	"errors"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// ErrDense: the words of a document take many times more than they are long.
var ErrDense = errors.New("the index of the document would be far larger than its text")

// denseFrom is where documents may begin to be too dense.
const denseFrom = int64(1 << 20)

// Build makes a segment of documents whose text is in a language, of at most about twice
// their volume. A chunk's title and heading count as its text. Errors: ErrDense, the
// context's, those of the limits of segments.
func Build(ctx context.Context, l language.Language, documents []Document) ([]byte, error) {
	analyser := language.NewAnalyser(l)
	terms, volume := segment.Terms{}, denseFrom
	b := segment.NewBuilder()
	for i := range documents {
		d := &documents[i]
		if err := b.Document(d.ID, d.Attributes); err != nil {
			return nil, err
		}
		for _, c := range d.Chunks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			clear(terms)
			for _, field := range []string{d.Title, c.Heading, c.in(d.Text)} {
				for term := range analyser.Terms(field) {
					terms[term]++
				}
			}
			if err := b.Chunk(segment.Chunk{Start: uint32(c.Start), End: uint32(c.End), Heading: c.Heading, Terms: terms}); err != nil {
				return nil, err
			}
			if volume += c.volume(d.Title); int64(b.Encoded()) > 2*volume {
				return nil, ErrDense
			}
		}
	}
	return b.Encode()
}
