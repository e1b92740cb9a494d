// Package quality measures how well the engine ranks on judged collections.
package quality

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/quality"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// split makes the chunks of a text.
type split func(text string) []engine.Chunk

// whole makes one chunk of a text, as published figures have it.
func whole(text string) []engine.Chunk { return []engine.Chunk{{End: len(text)}} }

// asServed makes the chunks that the runtime makes.
func asServed(text string) []engine.Chunk { return engine.Split(text, engine.Plain) }

// ranker ranks the documents of a collection as the engine does.
type ranker struct {
	language language.Language
	index    *engine.Index
	names    map[uuid.UUID]string // what the collection calls a document
	chunks   []fusion.Chunk
	numbers  map[place]int // in chunks
	counts   [][]lsa.Count // of each chunk
	basis    *lsa.Basis    // nil when the chunks are too few for one
	vectors  [][]float32
}

// place is where a chunk begins.
type place struct {
	document uuid.UUID
	start    int
}

func newRanker(c *quality.Collection, l language.Language, divide split) (*ranker, error) {
	r := &ranker{language: l, names: map[uuid.UUID]string{}, numbers: map[place]int{}}
	var documents []engine.Document
	analyser := language.NewAnalyser(l)
	for _, d := range c.Documents {
		id := uuid.NewSHA1(uuid.Nil, []byte(d.ID))
		r.names[id] = d.ID
		document := engine.Document{ID: id, Title: d.Title, Text: d.Text, Chunks: divide(d.Text)}
		for number, chunk := range document.Chunks {
			r.numbers[place{id, chunk.Start}] = len(r.chunks)
			r.chunks = append(r.chunks, fusion.Chunk{Document: id, Number: uint32(number)})
			r.counts = append(r.counts, count(analyser.Terms(d.Title+"\n"+chunk.Heading+"\n"+d.Text[chunk.Start:chunk.End])))
		}
		documents = append(documents, document)
	}
	encoded, err := segment.Build(engine.Analyse(l, documents))
	if err != nil {
		return nil, err
	}
	opened, err := segment.Open(encoded)
	if err != nil {
		return nil, err
	}
	r.index = engine.NewIndex(l, []engine.Part{{Segment: opened}})
	if err := r.embed(); err != nil {
		return nil, err
	}
	return r, nil
}

// embed fits a basis and projects the chunks, if they are enough.
func (r *ranker) embed() error {
	seed := lsa.Seed(sha256.Sum256([]byte("quality")))
	var sample [][]lsa.Count
	for _, i := range lsa.Choose(len(r.chunks), r.key, seed) {
		sample = append(sample, r.counts[i])
	}
	basis, err := lsa.Fit(sample, len(r.chunks), seed)
	if errors.Is(err, lsa.ErrTooFew) {
		return nil
	}
	if err != nil {
		return err
	}
	r.basis = basis
	for _, counts := range r.counts {
		r.vectors = append(r.vectors, basis.Project(counts))
	}
	r.counts = nil
	return nil
}

// key names a chunk to lsa.Choose.
func (r *ranker) key(i int) []byte {
	return binary.BigEndian.AppendUint32(r.chunks[i].Document[:], r.chunks[i].Number)
}

// lexical ranks documents by BM25, each by its best chunk.
func (r *ranker) lexical(query string) []string {
	top := fusion.NewTop(fusion.Depth)
	for i, score := range r.scores(query) {
		if score > 0 {
			top.Offer(fusion.Scored{Chunk: r.chunks[i], Score: score})
		}
	}
	return r.documents(top.Best())
}

// hybrid ranks documents by the fusion of BM25 and latent semantic analysis, or by BM25
// alone where that is what the engine does.
func (r *ranker) hybrid(query string) []string {
	if r.basis == nil {
		return r.lexical(query)
	}
	lexical, dense := r.scores(query), r.cosines(query)
	words, meaning := fusion.NewTop(fusion.Depth), fusion.NewTop(fusion.Depth)
	numbers := map[fusion.Chunk]int{}
	for i, chunk := range r.chunks {
		numbers[chunk] = i
		if lexical[i] > 0 {
			words.Offer(fusion.Scored{Chunk: chunk, Score: lexical[i]})
		}
		meaning.Offer(fusion.Scored{Chunk: chunk, Score: dense[i]})
	}
	var candidates []fusion.Candidate
	for _, chunk := range fusion.Union(words.Best(), meaning.Best()) {
		i := numbers[chunk]
		candidates = append(candidates, fusion.Candidate{Chunk: chunk, Lexical: lexical[i], Dense: dense[i]})
	}
	return r.documents(fusion.Rank(candidates, lsa.Weight))
}

// scores are the chunks' by BM25.
func (r *ranker) scores(query string) []float64 {
	scores := make([]float64, len(r.chunks))
	for _, hit := range r.index.Search(query, engine.Options{K: len(r.chunks)}) {
		scores[r.numbers[place{hit.Document, hit.Chunk.Start}]] = hit.Score
	}
	return scores
}

// cosines are the chunks' with the query.
func (r *ranker) cosines(query string) []float64 {
	vector := r.basis.Project(count(language.NewAnalyser(r.language).ContentTerms(query)))
	cosines := make([]float64, len(r.vectors))
	for i := range r.vectors {
		for j, value := range r.vectors[i] {
			cosines[i] += float64(value) * float64(vector[j])
		}
	}
	return cosines
}

// documents are those of ranked chunks, each at the place of its best.
func (r *ranker) documents(ranked []fusion.Scored) []string {
	var names []string
	seen := map[uuid.UUID]bool{}
	for _, s := range ranked {
		if !seen[s.Document] {
			seen[s.Document] = true
			names = append(names, r.names[s.Document])
		}
	}
	return names
}
