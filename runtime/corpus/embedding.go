package corpus

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// EmbedderError: the tenant's embedding model gave no vectors. Its text is of package
// model, which keeps out of it what the endpoint said or was told, or of the context.
type EmbedderError struct{ cause error }

func (e *EmbedderError) Error() string { return "embedding: " + e.cause.Error() }

// Unwrap lets errors.Is find the cause.
func (e *EmbedderError) Unwrap() error { return e.cause }

const (
	// embedAtOnce is how many chunks have vectors in memory that are not encoded yet.
	embedAtOnce = 1024
	// uploadPatience is how long so many may take while somebody waits.
	uploadPatience = 20 * time.Second
)

// vectors are encoded ones that were made already, by their revision.
type vectors map[lsa.Revision][]byte

// part encodes a segment and its vectors in spaces. text returns a document's.
func (c *Corpus) part(ctx context.Context, r Request, encoded []byte, in spaces, made vectors, purpose string, text func(source uuid.UUID) string) (p part, err error) {
	if p.segment, err = segment.Open(encoded); err != nil {
		return p, err
	}
	p.encoded = encoded
	for _, of := range []struct {
		basis *basis
		rows  *[]byte
	}{{in.basis, &p.vectors}, {in.next, &p.next}} {
		if of.basis == nil {
			continue
		}
		if *of.rows, err = c.embed(ctx, r, of.basis, p.segment, made, purpose, text, &p.unseen); err != nil {
			return p, err
		}
	}
	return p, nil
}

// embed encodes the vectors of a segment's chunks in a space, unless they were made
// already. Errors: *EmbedderError.
func (c *Corpus) embed(ctx context.Context, r Request, in *basis, s *segment.Segment, made vectors, purpose string, text func(uuid.UUID) string, unseen *float64) ([]byte, error) {
	if fitted := in.fitted(); fitted != nil {
		rows, sum, err := engine.Embed(s, fitted)
		*unseen = sum
		return rows, err
	}
	if rows, there := made[in.Revision()]; there {
		return rows, nil
	}
	var texts []string
	for n := range uint32(s.Documents()) {
		id, _, _, _ := s.Document(n)
		of, err := passagesOf(s, n, text(id))
		if err != nil {
			return nil, err
		}
		texts = append(texts, of...)
	}
	rows, err := c.embedTexts(ctx, r, purpose, texts)
	if err == nil && made != nil {
		made[in.Revision()] = rows
	}
	return rows, err
}

// passagesOf are the chunks of a segment's document as a model reads them: what a chunk
// is indexed by, the document's title, the headings that it stands under, and its text.
func passagesOf(s *segment.Segment, document uint32, text string) ([]string, error) {
	_, encoded, first, end := s.Document(document)
	about, err := openAttributes(encoded)
	if err != nil {
		return nil, err
	}
	var passages []string
	for chunk := first; chunk < end; chunk++ {
		start, stop, heading := s.Span(chunk)
		if int(stop) > len(text) {
			return nil, fmt.Errorf("%w: a chunk ends behind its text", seal.ErrCorrupt)
		}
		passages = append(passages, passageText(string(about.title), heading, text[start:stop]))
	}
	return passages, nil
}

func passageText(title, heading, text string) string {
	if heading != "" {
		text = heading + "\n" + text
	}
	if title != "" {
		text = title + "\n" + text
	}
	return text
}

// embedTexts encodes the vectors of texts by the tenant's model. Errors: *EmbedderError.
func (c *Corpus) embedTexts(ctx context.Context, r Request, purpose string, texts []string) ([]byte, error) {
	var parts []vector.Source
	for first := 0; first == 0 || first < len(texts); first += embedAtOnce {
		made, err := c.vectorsOf(ctx, r, purpose, texts[first:min(first+embedAtOnce, len(texts))])
		if err != nil {
			return nil, err
		}
		rows, err := encodeRows(r.Tenant.Models.Embedder.Dimensions(), made.Vectors)
		if err != nil {
			return nil, err
		}
		parts = append(parts, vector.Source{Rows: rows})
	}
	return vector.Join(parts)
}

// vectorsOf are the vectors of texts by the tenant's model. Errors: *EmbedderError.
func (c *Corpus) vectorsOf(ctx context.Context, r Request, purpose string, texts []string) (model.Embeddings, error) {
	if len(texts) == 0 {
		return model.Embeddings{}, nil
	}
	if purpose == forUpload || purpose == forRequest {
		limited, cancel := context.WithTimeout(ctx, uploadPatience)
		defer cancel()
		ctx = limited
	}
	made, err := r.Tenant.Models.Embedder.Embed(ctx, texts)
	c.embeddings.count(purpose, err)
	if err != nil {
		return model.Embeddings{}, &EmbedderError{err}
	}
	return made, nil
}

func encodeRows(dimensions int, vectors [][]float32) (*vector.Rows, error) {
	encoded, err := vector.Encode(dimensions, vectors)
	if err != nil {
		return nil, err
	}
	return vector.Open(encoded)
}
