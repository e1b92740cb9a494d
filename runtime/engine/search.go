package engine

import (
	"bytes"
	"cmp"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// Hit is a chunk that a search found.
type Hit struct {
	Document   uuid.UUID
	Attributes []byte // of the document
	Chunk      Chunk
	Score      float64
}

// Options say what a search returns.
type Options struct {
	K           int                          // chunks at most
	PerDocument int                          // of them of one document at most; zero: any number
	Visible     func(attributes []byte) bool // is asked of a document once at most; nil: every document is
}

// Search returns the best chunks for query by BM25 over title, headings and text,
// best first, of equals the one first by document and place. No chunk is returned
// that has none of the query's content words. Documents that are not visible count
// in the statistics, so that a score does not depend on what else was asked for.
func (x *Index) Search(query string, o Options) []Hit {
	_, chunks := x.Len()
	if o.K <= 0 || chunks == 0 {
		return nil
	}
	model := bm25{chunks: float64(chunks), length: max(1, float64(x.words())) / float64(chunks)}
	terms := x.queryTerms(query, model)
	best := ranking{limit: min(o.K, chunks)}
	for i := range x.views {
		x.views[i].rank(x.views[i].scores(terms, model), o, &best)
	}
	return best.sorted()
}

// queryTerm is a distinct term of a query.
type queryTerm struct {
	text   string
	weight float64 // its rarity, as often as the query has it
}

// queryTerms looks up the terms of query, in the order in which it has them, so
// that scores add up alike however the index is divided.
func (x *Index) queryTerms(query string, model bm25) []queryTerm {
	var order []string
	counts := map[string]int{}
	for term := range language.NewAnalyser(x.language).ContentTerms(query) {
		if counts[term]++; counts[term] == 1 {
			order = append(order, term)
		}
	}
	var found []queryTerm
	for _, term := range order {
		frequency := 0
		for i := range x.views {
			frequency += x.views[i].frequency(term)
		}
		if frequency > 0 {
			found = append(found, queryTerm{term, float64(counts[term]) * model.rarity(frequency)})
		}
	}
	return found
}

// scores scores the chunks of a view, term by term.
func (v *view) scores(terms []queryTerm, model bm25) []float64 {
	scores := make([]float64, v.Chunks())
	for _, term := range terms {
		for cursor := v.cursor(term.text); cursor.Next(); {
			for i, chunk := range cursor.Chunks {
				scores[chunk] += term.weight * model.weight(cursor.Counts[i], v.Length(chunk))
			}
		}
	}
	return scores
}

// rank offers the best chunks of each document to best.
func (v *view) rank(scores []float64, o Options, best *ranking) {
	for chunk := uint32(0); chunk < uint32(len(scores)); {
		if scores[chunk] == 0 || !best.admits(scores[chunk]) {
			chunk++
			continue
		}
		document := v.DocumentOf(chunk)
		_, attributes, first, end := v.Document(document)
		if !v.dead.has(document) && (o.Visible == nil || o.Visible(attributes)) {
			v.offer(scores, first, end, o.PerDocument, best)
		}
		chunk = end
	}
}

// offer offers those of a document's chunks [first, end) that are among its best.
func (v *view) offer(scores []float64, first, end uint32, limit int, best *ranking) {
	if limit == 0 {
		limit = int(end - first)
	}
	own := ranking{limit: limit}
	for chunk := first; chunk < end; chunk++ {
		if score := scores[chunk]; score > 0 && best.admits(score) && own.admits(score) {
			own.offer(candidate{v, chunk, score})
		}
	}
	for _, c := range own.candidates {
		best.offer(c)
	}
}

// candidate is a chunk that may come to be a Hit.
type candidate struct {
	view  *view
	chunk uint32
	score float64
}

func (c candidate) hit() Hit {
	id, attributes, _, _ := c.view.Document(c.view.DocumentOf(c.chunk))
	start, end, heading := c.view.Span(c.chunk)
	return Hit{id, attributes, Chunk{int(start), int(end), heading}, c.score}
}

// compare orders candidates from best to worst, of equal ones the first by document
// and place first.
func compare(a, b candidate) int {
	if a.score != b.score {
		return cmp.Compare(b.score, a.score)
	}
	idA, _, _, _ := a.view.Document(a.view.DocumentOf(a.chunk))
	idB, _, _, _ := b.view.Document(b.view.DocumentOf(b.chunk))
	startA, endA, _ := a.view.Span(a.chunk)
	startB, endB, _ := b.view.Span(b.chunk)
	return cmp.Or(bytes.Compare(idA[:], idB[:]), cmp.Compare(startA, startB), cmp.Compare(endA, endB))
}
