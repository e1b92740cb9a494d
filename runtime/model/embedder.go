package model

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// maxBatch is how many texts go in one request: what Text Embeddings Inference
	// takes unless it is told otherwise.
	maxBatch      = 32
	maxBatchBytes = 256 << 10
	// MaxEmbedText is the size in bytes of the longest text that can be embedded, about
	// the 8,192 tokens that common models read.
	MaxEmbedText = 32 << 10
	// MaxDimensions of a vector: as many as the index can hold.
	MaxDimensions = 4096
	// maxEmbedRequests is how many requests of one call are in flight at a time.
	maxEmbedRequests = 4
	embedTimeout     = 2 * time.Minute
	// How many bytes an answer has for a number, a vector and in all beside them.
	numberBytes, vectorBytes, answerBytes = 32, 256, 16 << 10
)

// EmbedderConfig says which model embeds, and into how many dimensions.
type EmbedderConfig struct {
	Endpoint
	Dimensions int
	// Shorten asks the model for so many dimensions; not all models can be asked.
	Shorten bool
}

// Embedder turns texts into vectors. It is safe for concurrent use.
type Embedder struct {
	caller     *caller // nil: the model can not be asked
	model      string
	dimensions int
	shorten    bool
}

// Embeddings are the vectors of texts, of length 1, in the order of the texts.
type Embeddings struct {
	Vectors [][]float32
	Tokens  int64 // as the endpoint counted them; zero when it does not count
}

// NewUnusableEmbedder makes one of a model that can not be asked now, whose vectors are
// compared with each other all the same: all that is known of it is c without its URL and
// key. Embed returns ErrUnreachable.
func NewUnusableEmbedder(c EmbedderConfig) *Embedder {
	return &Embedder{model: c.Model, dimensions: c.Dimensions, shorten: c.Shorten}
}

// NewEmbedder makes an Embedder that sends by doer. An error is one of c.
func NewEmbedder(doer Doer, c EmbedderConfig) (*Embedder, error) {
	if c.Dimensions < 1 || c.Dimensions > MaxDimensions {
		return nil, fmt.Errorf("a model's vectors have from 1 to %d dimensions, not %d", MaxDimensions, c.Dimensions)
	}
	caller, err := newCaller(doer, c.Endpoint, "/embeddings", embedTimeout)
	if err != nil {
		return nil, err
	}
	return &Embedder{caller: caller, model: c.Model, dimensions: c.Dimensions, shorten: c.Shorten}, nil
}

// Usable reports whether there is a model that can be asked; of nil there is none.
func (e *Embedder) Usable() bool { return e != nil && e.caller != nil }

// Dimensions of every vector.
func (e *Embedder) Dimensions() int { return e.dimensions }

// Model is the name of the model.
func (e *Embedder) Model() string { return e.model }

// Shortens reports whether the model is asked for fewer dimensions than it has. Vectors
// of other models, dimensions or shortening can not be compared.
func (e *Embedder) Shortens() bool { return e.shorten }

// Embed returns the vectors of texts, of which none may be blank or larger than
// MaxEmbedText. Errors are those of the package.
func (e *Embedder) Embed(ctx context.Context, texts []string) (Embeddings, error) {
	if !e.Usable() {
		return Embeddings{}, &Error{Kind: ErrUnreachable, advice: "it can not be used now: the condition ModelsReady of the Tenant says why"}
	}
	for i, text := range texts {
		if strings.TrimSpace(text) == "" {
			return Embeddings{}, &Error{Kind: ErrRefused, advice: fmt.Sprintf("text %d is blank, and nothing can be embedded: leave it out", i)}
		}
		if len(text) > MaxEmbedText {
			return Embeddings{}, tooLarge("text %d has %d bytes, and at most %d can be embedded: split it", i, len(text), MaxEmbedText)
		}
	}
	vectors := make([][]float32, len(texts))
	batches := split(texts)
	tokens := make([]int64, len(batches))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxEmbedRequests)
	for i, b := range batches {
		group.Go(func() (err error) {
			tokens[i], err = e.embed(ctx, texts[b.start:b.end], vectors[b.start:b.end])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Embeddings{}, err
	}
	made := Embeddings{Vectors: vectors}
	for _, n := range tokens {
		made.Tokens += n
	}
	return made, nil
}

// batch is a half-open range of texts.
type batch struct{ start, end int }

// split makes batches of at most maxBatch texts and maxBatchBytes.
func split(texts []string) []batch {
	var batches []batch
	size := 0
	for i, text := range texts {
		last := len(batches) - 1
		if last < 0 || i-batches[last].start == maxBatch || size+len(text) > maxBatchBytes {
			batches = append(batches, batch{start: i})
			last, size = last+1, 0
		}
		batches[last].end = i + 1
		size += len(text)
	}
	return batches
}

type embedQuestion struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Format     string   `json:"encoding_format"`
	Dimensions int      `json:"dimensions,omitempty"`
}

type embedAnswer struct {
	Data []struct {
		Index  *int      `json:"index"`
		Vector []float32 `json:"embedding"`
	} `json:"data"`
	Usage struct {
		Tokens int64 `json:"prompt_tokens"`
	} `json:"usage"`
}

// embed asks for one batch and puts its vectors in their places.
func (e *Embedder) embed(ctx context.Context, texts []string, into [][]float32) (tokens int64, err error) {
	question := embedQuestion{Model: e.model, Input: texts, Format: "float"}
	if e.shorten {
		question.Dimensions = e.dimensions
	}
	var answer embedAnswer
	limit := answerBytes + int64(len(texts))*int64(vectorBytes+e.dimensions*numberBytes)
	if err := e.caller.ask(ctx, question, &answer, limit); err != nil {
		return 0, err
	}
	if len(answer.Data) != len(texts) {
		return 0, malformed("it has %d vectors for %d texts", len(answer.Data), len(texts))
	}
	for _, d := range answer.Data {
		if d.Index == nil || *d.Index < 0 || *d.Index >= len(into) || into[*d.Index] != nil {
			return 0, malformed("it does not say which vector is of which text")
		}
		if len(d.Vector) != e.dimensions {
			return 0, malformed("its vectors have %d dimensions instead of %d: correct the model's dimensions", len(d.Vector), e.dimensions)
		}
		if err := normalise(d.Vector); err != nil {
			return 0, err
		}
		into[*d.Index] = d.Vector
	}
	return max(0, answer.Usage.Tokens), nil
}

// normalise scales a vector to length 1.
func normalise(vector []float32) error {
	sum := 0.0
	for _, x := range vector {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return malformed("it has a vector of zeros, which can not be compared")
	}
	length := math.Sqrt(sum)
	for i, x := range vector {
		vector[i] = float32(float64(x) / length)
	}
	return nil
}
