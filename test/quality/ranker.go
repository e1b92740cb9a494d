// Package quality measures how well the engine ranks on judged collections.
package quality

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/quality"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// split makes the chunks of a text.
type split func(text string) []engine.Chunk

// whole makes one chunk of a text, as published figures have it.
func whole(text string) []engine.Chunk { return []engine.Chunk{{End: len(text)}} }

// asServed makes the chunks that the runtime makes.
func asServed(text string) []engine.Chunk { return engine.Split(text, engine.Plain) }

// ranker ranks the documents of a collection by the engine.
type ranker struct {
	language language.Language
	index    *engine.Index
	chunks   int
	basis    *lsa.Basis           // nil when the chunks are too few for one
	names    map[uuid.UUID]string // what the collection calls a document
}

func newRanker(c *quality.Collection, l language.Language, divide split) (*ranker, error) {
	r := &ranker{language: l, names: map[uuid.UUID]string{}}
	var documents []engine.Document
	for _, d := range c.Documents {
		id := uuid.NewSHA1(uuid.Nil, []byte(d.ID))
		r.names[id] = d.ID
		documents = append(documents, engine.Document{ID: id, Title: d.Title, Text: d.Text, Chunks: divide(d.Text)})
	}
	encoded, err := engine.Build(context.Background(), l, documents)
	if err != nil {
		return nil, err
	}
	opened, err := segment.Open(encoded)
	if err != nil {
		return nil, err
	}
	r.chunks = opened.Chunks()
	part := engine.Part{Segment: opened}
	r.index = engine.NewIndex(l, []engine.Part{part})
	if err := r.embed(part); err != nil {
		return nil, err
	}
	return r, nil
}

// embed fits a basis and gives the chunks vectors, if they are enough.
func (r *ranker) embed(part engine.Part) (err error) {
	r.basis, err = r.index.Fit(sha256.Sum256([]byte("quality")))
	if errors.Is(err, lsa.ErrTooFew) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, _, err := engine.Embed(part.Segment, r.basis)
	if err != nil {
		return err
	}
	if part.Vectors, err = vector.Open(rows); err != nil {
		return err
	}
	r.index = engine.NewIndex(r.language, []engine.Part{part})
	return nil
}

// depth is how many chunks are looked at for the best documents.
const depth = 2 * fusion.Depth

// lexical ranks documents by BM25, each by its best chunk.
func (r *ranker) lexical(query string) []string {
	return r.documents(r.index.Search(query, engine.Options{K: depth}))
}

// hybrid ranks documents by words and meaning, or by BM25 alone where that is what the
// engine does.
func (r *ranker) hybrid(query string) []string {
	o := engine.Options{K: depth}
	if r.basis != nil {
		o.Vector, o.Weight = engine.EmbedQuery(r.language, query, r.basis), lsa.Weight
	}
	return r.documents(r.index.Search(query, o))
}

// documents are those of the hits, each at the place of its best.
func (r *ranker) documents(hits []engine.Hit) []string {
	var names []string
	seen := map[uuid.UUID]bool{}
	for _, hit := range hits {
		if !seen[hit.Document] {
			seen[hit.Document] = true
			names = append(names, r.names[hit.Document])
		}
	}
	return names
}
