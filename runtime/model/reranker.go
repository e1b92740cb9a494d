package model

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"
)

const (
	// MaxRerank is how many texts can be ranked at a time.
	MaxRerank = 100
	// MaxRerankInput is their size in bytes, together with the question's.
	MaxRerankInput = 1 << 20
	rerankTimeout  = 30 * time.Second
	rankBytes      = 1 << 10 // of an answer, for each text
)

// Shape is in which words an API ranks.
type Shape int

// The shapes of a ranking API.
const (
	// Documents is the shape of Cohere, Jina, vLLM and Infinity: "documents" in, and
	// "results" with "relevance_score" out.
	Documents Shape = iota
	// Texts is the shape of Text Embeddings Inference: "texts" in, a list with "score"
	// out.
	Texts
)

// Reranker tells how well texts answer a question. It is safe for concurrent use.
type Reranker struct {
	caller *caller
	shape  Shape
}

// Rank is the place of a text: the higher the score, which is 0 or more, the better it
// answers. Scores of different questions can not be compared.
type Rank struct {
	Index int // of the text, from zero
	Score float64
}

// NewReranker makes a Reranker that sends by doer. An error is one of e.
func NewReranker(doer Doer, e Endpoint, shape Shape) (*Reranker, error) {
	caller, err := newCaller(doer, e, "/rerank", rerankTimeout)
	if err != nil {
		return nil, err
	}
	return &Reranker{caller: caller, shape: shape}, nil
}

// Rank returns the best texts for a question, at most top of them, best first.
// Errors are those of the package.
func (r *Reranker) Rank(ctx context.Context, question string, texts []string, top int) ([]Rank, error) {
	size := len(question)
	for _, text := range texts {
		size += len(text)
	}
	if len(texts) > MaxRerank || size > MaxRerankInput {
		return nil, tooLarge("%d texts of %d bytes are more than can be ranked, %d of %d bytes", len(texts), size, MaxRerank, MaxRerankInput)
	}
	top = min(top, len(texts))
	if top < 1 {
		return nil, nil
	}
	ranks, err := r.ask(ctx, question, texts, top)
	if err != nil {
		return nil, err
	}
	if err := check(ranks, len(texts), top); err != nil {
		return nil, err
	}
	slices.SortFunc(ranks, func(a, b Rank) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Index, b.Index))
	})
	raise(ranks)
	return ranks[:top], nil
}

// raise makes shares of raw scores, in the same order, by the logistic function. They are
// raw if one is below 0, as those of a model that ends in logits.
func raise(ranks []Rank) {
	if !slices.ContainsFunc(ranks, func(r Rank) bool { return r.Score < 0 }) {
		return
	}
	for i := range ranks {
		ranks[i].Score = 1 / (1 + math.Exp(-ranks[i].Score))
	}
}

type (
	documentsQuestion struct {
		Model     string   `json:"model"`
		Query     string   `json:"query"`
		Documents []string `json:"documents"`
		Top       int      `json:"top_n"`
		Return    bool     `json:"return_documents"` // false: we have them
	}
	textsQuestion struct {
		Query    string   `json:"query"`
		Texts    []string `json:"texts"`
		Truncate bool     `json:"truncate"`
	}
	// rank is one text in either shape.
	rank struct {
		Index     *int     `json:"index"`
		Relevance *float64 `json:"relevance_score"`
		Score     *float64 `json:"score"`
	}
)

func (r *Reranker) ask(ctx context.Context, question string, texts []string, top int) ([]Rank, error) {
	limit := int64(answerBytes + rankBytes*len(texts))
	var listed []rank
	if r.shape == Texts {
		if err := r.caller.ask(ctx, textsQuestion{question, texts, true}, &listed, limit); err != nil {
			return nil, err
		}
	} else {
		answer := struct {
			Results []rank `json:"results"`
		}{}
		err := r.caller.ask(ctx, documentsQuestion{r.caller.model, question, texts, top, false}, &answer, limit)
		if err != nil {
			return nil, err
		}
		listed = answer.Results
	}
	ranks := make([]Rank, len(listed))
	for i, l := range listed {
		score := cmp.Or(l.Relevance, l.Score)
		if l.Index == nil || score == nil {
			return nil, malformed("a text in it has no index or no score")
		}
		ranks[i] = Rank{Index: *l.Index, Score: *score}
	}
	return ranks, nil
}

// check reports what keeps ranks from being those of at least top texts out of count.
func check(ranks []Rank, count, top int) error {
	if len(ranks) < top || len(ranks) > count {
		return malformed("it ranks %d texts, and %d of %d were asked for", len(ranks), top, count)
	}
	seen := make([]bool, count)
	for _, r := range ranks {
		if r.Index < 0 || r.Index >= count || seen[r.Index] {
			return malformed("it ranks a text twice, or one that was not sent")
		}
		seen[r.Index] = true
	}
	return nil
}
