package corpus

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
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
	Attributes filter.Attributes // of the document

	source uuid.UUID // the object with the document's text: another one when anything of it changes
}

// Query is what is asked of the documents.
type Query struct {
	Text        string
	K           int            // passages at most
	PerDocument int            // of them of one document at most
	Filter      *filter.Filter // that documents must match; nil: any does
	Stores      []uuid.UUID    // that documents must be in one of; none: any document does
}

// matches tells by its attributes whether a document is asked. What can not be read
// is found, and found out, when its passage is.
func (q Query) matches(encoded []byte) bool {
	a, err := openAttributes(encoded)
	return err != nil || (len(q.Stores) == 0 || slices.ContainsFunc(q.Stores, a.in)) && q.Filter.Match(a.given)
}

// Found is what a search found.
type Found struct {
	Passages []Passage
	Without  string // what it had to do without, such as WithoutEmbedder; "" for nothing
}

// Retrieve returns the passages that match a query best.
func (c *Corpus) Retrieve(ctx context.Context, r Request, q Query) (found Found, err error) {
	var hits []engine.Hit
	err = c.withView(ctx, r, func(v *view) error {
		meant, weight, without := c.meaning(ctx, r, v, q.Text)
		hits, found.Without = v.search(r.Caller, q, meant, weight), without
		return nil
	})
	if err != nil {
		return Found{}, err
	}
	found.Passages, err = r.passages(ctx, hits)
	return found, err
}

// search ranks by words and, with a vector of what is meant, by meaning.
func (v *view) search(by principal.Caller, q Query, meant []float32, weight float64) []engine.Hit {
	o := engine.Options{K: q.K, PerDocument: q.PerDocument, Vector: meant, Weight: weight}
	if q.Filter != nil || len(q.Stores) > 0 {
		o.Matches = q.matches
	}
	return v.seenBy(by).Search(q.Text, o)
}

// passages fetches the text of hits. A hit whose document was replaced or deleted since
// the index was read is left out: this reads what is committed now. A deletion that is
// committed while the response is on its way is concurrent with it.
func (r Request) passages(ctx context.Context, hits []engine.Hit) ([]Passage, error) {
	all := make([]sought, 0, len(hits))
	for _, h := range hits {
		about, err := openAttributes(h.Attributes)
		if err != nil {
			return nil, err
		}
		all = append(all, sought{h, about})
	}
	texts, err := r.texts(ctx, all)
	if err != nil {
		return nil, err
	}
	found := make([]Passage, 0, len(hits))
	for _, s := range all {
		p, err := texts.passage(s)
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

// Quote answers a question in a language by the spans of passages that say what was asked.
func Quote(l language.Language, question string, passages []Passage) []Passage {
	asked := make([]engine.Passage, len(passages))
	for i, p := range passages {
		asked[i] = engine.Passage{Document: p.Document, Heading: p.Heading, Start: p.Start, Text: p.Text, Score: p.Score}
	}
	said := engine.Extract(l, question, asked)
	quoted := make([]Passage, 0, len(said.Citations))
	for _, cited := range said.Citations {
		for _, p := range passages {
			if p.Document == cited.Document && p.Start <= cited.Start && cited.End <= p.End {
				p.Start, p.End, p.Text = cited.Start, cited.End, p.Text[cited.Start-p.Start:cited.End-p.Start]
				quoted = append(quoted, p)
				break
			}
		}
	}
	return quoted
}
