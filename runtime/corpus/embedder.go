package corpus

import (
	"context"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Embedder makes vectors of texts as a tenant's documents have them.
type Embedder struct {
	corpus  *Corpus
	request Request
	// fitted is the tenant's own basis, nil if it has a model.
	fitted   *lsa.Basis
	language language.Language
}

// builtIn begins the name of a tenant's own basis, its revision ends it.
const builtIn = "bulkhead-lsa-"

// Embedder returns the tenant's embedding model, or else the basis that was fitted to its
// documents; found is false when there are too few of them for one.
func (c *Corpus) Embedder(ctx context.Context, r Request) (e Embedder, found bool, err error) {
	e = Embedder{corpus: c, request: r}
	if r.Tenant.Models.Embedder != nil {
		return e, true, nil
	}
	err = c.withView(ctx, r, func(v *view) error {
		e.fitted, e.language = v.basis.fitted(), v.manifest.language
		return nil
	})
	return e, e.fitted != nil, err
}

// EmbedderName is the name of the tenant's Embedder. Of the index it reads no more than the
// basis; found is false when there is none.
func (c *Corpus) EmbedderName(ctx context.Context, r Request) (name string, found bool, err error) {
	e := Embedder{request: r}
	if r.Tenant.Models.Embedder != nil {
		return e.Name(), true, nil
	}
	mark, there := c.mark(r), c.cache.bases(r.keys())
	var of *basis
	err = r.admission().Read(ctx, func(rows *store.Rows) error {
		head, err := trusted(ctx, rows, mark)
		if err != nil {
			return err
		}
		listed, err := openManifest(r.keys(), head)
		if err != nil {
			return err
		}
		of, err = fetchBasis(ctx, rows, r.keys(), listed.basis, there)
		return err
	})
	if e.fitted = of.fitted(); err != nil || e.fitted == nil {
		return "", false, err
	}
	return e.Name(), true, nil
}

// Name is that of the model. A basis has another when it is fitted again: its vectors
// can not be compared with those of before.
func (e Embedder) Name() string {
	if e.fitted == nil {
		return e.request.Tenant.Models.Embedder.Model()
	}
	return builtIn + e.fitted.Revision().String()[:12]
}

// Fitted reports whether the vectors tell of the tenant's documents, of all of them.
func (e Embedder) Fitted() bool { return e.fitted != nil }

// Dimensions of every vector.
func (e Embedder) Dimensions() int {
	if e.fitted == nil {
		return e.request.Tenant.Models.Embedder.Dimensions()
	}
	return e.fitted.Dimensions()
}

// Embed returns the vectors of texts, of length 1; of zeros, when a basis knows none of a
// text's words. Errors: *EmbedderError.
func (e Embedder) Embed(ctx context.Context, texts []string) (model.Embeddings, error) {
	if e.fitted == nil {
		return e.corpus.vectorsOf(ctx, e.request, forRequest, texts)
	}
	var made model.Embeddings
	analyser := language.NewAnalyser(e.language)
	for _, text := range texts {
		made.Vectors = append(made.Vectors, e.fitted.Project(engine.Count(analyser.Terms(text))))
		made.Tokens += int64(len(strings.Fields(text)))
	}
	return made, nil
}
