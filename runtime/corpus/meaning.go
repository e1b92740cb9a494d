package corpus

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

// queryPatience is how long a search waits for the vector of its query. Without it the
// search goes on by words alone.
const queryPatience = 3 * time.Second

// What a search did without.
const (
	// WithoutEmbedder: the tenant's embedding model did not answer, and passages are
	// found by words alone.
	WithoutEmbedder = "embedder"
	// WithoutVectors: not all passages have vectors of the tenant's embedding model
	// yet, and those of before are used, if there are any that still can be.
	WithoutVectors = "vectors"
)

// meaning is a query's vector in the space of the view's, and its weight; nil when
// there is none. It also says what the search does without, "" for nothing.
func (c *Corpus) meaning(ctx context.Context, r Request, v *view, query string) (vector []float32, weight float64, without string) {
	by, fitted := r.Tenant.Models.Embedder, v.basis.fitted()
	if by != nil && v.basis.is(spaceOf(by)) {
		vector, err := c.embedQuery(ctx, r, query)
		if err != nil {
			return nil, 0, WithoutEmbedder
		}
		return vector, modelWeight, ""
	}
	lacking := by != nil && len(v.manifest.segments) > 0
	orphaned := v.basis != nil && fitted == nil // they are of a model that the tenant has no more
	if lacking || orphaned {
		without = WithoutVectors
	}
	if fitted == nil {
		return nil, 0, without
	}
	return engine.EmbedQuery(v.manifest.language, query, fitted), lsa.Weight, without
}

func (c *Corpus) embedQuery(ctx context.Context, r Request, query string) ([]float32, error) {
	ctx, cancel := context.WithTimeout(ctx, queryPatience)
	defer cancel()
	made, err := c.vectorsOf(ctx, r, forQuery, []string{query})
	if err != nil {
		c.log.Warn("query not embedded", "tenant", r.keys().Tenant(), "error", err.Error())
		return nil, err
	}
	return made.Vectors[0], nil
}

// What vectors are made for, as metrics have it.
const (
	forUpload  = "upload" // whose sender waits
	forQueue   = "queue"
	forQuery   = "query"
	forRequest = "request" // for the vectors themselves
	forChange  = "change"
)

// embeddings counts what is asked of embedding models.
type embeddings struct {
	calls    *prometheus.CounterVec
	changing prometheus.Gauge
}

func newEmbeddings(metrics prometheus.Registerer) embeddings {
	e := embeddings{
		prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bulkhead_embeddings_total",
			Help: "Calls to tenants' embedding models, by what for (upload, queue, query, request for vectors, change of the model) and what became of them.",
		}, []string{"for", "outcome"}),
		prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "bulkhead_embedding_changes", Help: "Tenants whose documents are being embedded by another model.",
		}),
	}
	metrics.MustRegister(e.calls, e.changing)
	return e
}

func (e embeddings) count(purpose string, err error) {
	e.calls.WithLabelValues(purpose, model.Outcome(err)).Inc()
}
