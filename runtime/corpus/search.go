package corpus

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Passage is a byte span [Start, End) of a document, and its text.
type Passage struct {
	Document   uuid.UUID
	ExternalID string
	Title      string
	Heading    string // that it stands under, the title first
	Start, End int
	Text       string
	Score      float64
}

// Retrieve returns the k passages that match a query best.
func (c *Corpus) Retrieve(ctx context.Context, r Request, query string, k int) ([]Passage, error) {
	v, err := c.view(ctx, r)
	if err != nil {
		return nil, err
	}
	return r.passages(ctx, v.search(query, k))
}

// search ranks by words and, where there is a basis, by meaning.
func (v *view) search(query string, k int) []engine.Hit {
	options := engine.Options{K: k}
	if v.basis != nil {
		options.Vector, options.Weight = engine.EmbedQuery(language.English, query, v.basis.Basis), lsa.Weight
	}
	return v.index.Search(query, options)
}

// passages fetches the text of hits. A hit whose document was replaced or
// deleted since the index was read is left out.
func (r Request) passages(ctx context.Context, hits []engine.Hit) ([]Passage, error) {
	var want []store.BlockRef
	for _, h := range hits {
		want = append(want, sourceRefs(h.Document, h.Chunk)...)
	}
	blocks, err := r.blocks(ctx, want)
	if err != nil {
		return nil, err
	}
	found := make([]Passage, 0, len(hits))
	for _, h := range hits {
		p, err := r.passage(h, blocks)
		if errors.Is(err, ErrChanged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

// sourceRefs names the header and the blocks of a text that hold a chunk.
func sourceRefs(source uuid.UUID, c engine.Chunk) []store.BlockRef {
	refs := []store.BlockRef{{Object: source}}
	for block := c.Start / sourceBlock; block <= max(c.Start, c.End-1)/sourceBlock; block++ {
		refs = append(refs, store.BlockRef{Object: source, No: int32(block + 1)})
	}
	return refs
}

func (r Request) passage(h engine.Hit, blocks map[store.BlockRef][]byte) (Passage, error) {
	header, there := blocks[store.BlockRef{Object: h.Document}]
	if !there {
		return Passage{}, ErrChanged
	}
	source, err := r.keys().OpenObject(h.Document, seal.Source, header)
	if err != nil {
		return Passage{}, err
	}
	text, err := cut(source, blocks, int64(h.Chunk.Start), int64(h.Chunk.End))
	if err != nil {
		return Passage{}, err
	}
	about, err := decodeAttributes(h.Attributes)
	return Passage{
		Document: about.Document, ExternalID: about.ExternalID, Title: about.Title, Heading: about.Title + " " + h.Chunk.Heading,
		Start: h.Chunk.Start, End: h.Chunk.End, Text: string(text), Score: h.Score,
	}, err
}

// Answer is a text and the spans of documents that say it. Without a text, the
// documents do not answer.
type Answer struct {
	Text      string
	Citations []Passage
}

// evidence is how many passages an answer is looked for in.
const evidence = 20

// Answer answers a question out of the tenant's documents.
func (c *Corpus) Answer(ctx context.Context, r Request, query string) (Answer, error) {
	passages, err := c.Retrieve(ctx, r, query, evidence)
	if err != nil {
		return Answer{}, err
	}
	asked := make([]engine.Passage, len(passages))
	for i, p := range passages {
		asked[i] = engine.Passage{Document: p.Document, Heading: p.Heading, Start: p.Start, Text: p.Text, Score: p.Score}
	}
	said := engine.Extract(language.English, query, asked)
	answer := Answer{Text: said.Text, Citations: make([]Passage, 0, len(said.Citations))}
	for _, cited := range said.Citations {
		for _, p := range passages {
			if p.Document == cited.Document && p.Start <= cited.Start && cited.End <= p.End {
				p.Start, p.End, p.Text = cited.Start, cited.End, p.Text[cited.Start-p.Start:cited.End-p.Start]
				answer.Citations = append(answer.Citations, p)
				break
			}
		}
	}
	return answer, nil
}
