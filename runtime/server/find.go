package server

import (
	"context"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
)

const (
	// rerankDepth is how many passages are ranked anew.
	rerankDepth = 50
	// rerankPatience is how long a search waits for that. A reranker makes a good
	// order better: without it the search goes on.
	rerankPatience = 3 * time.Second
)

// ranking is how passages were ranked, in a response.
type ranking struct {
	// Reranked is nil without a reranker, and false when it failed: the order is then
	// the search's own.
	Reranked *bool `json:"reranked,omitempty"`
	// Degraded is what the search had to do without.
	Degraded []string `json:"degraded,omitempty"`
}

// find returns the passages that match a query best, in the order of the tenant's
// reranker if it has one.
func (x *exchange) find(req corpus.Request, query corpus.Query) ([]corpus.Passage, ranking, error) {
	wide, reranks := query, x.caller.Tenant.Models.Reranker != nil
	if reranks {
		wide.K = max(query.K, rerankDepth)
	}
	found, err := x.server.Corpus.Retrieve(x.r.Context(), req, wide)
	if err != nil {
		return nil, ranking{}, err
	}
	how := ranking{}
	if found.Without != "" {
		how.Degraded = []string{found.Without}
	}
	if !reranks {
		return found.Passages, how, nil
	}
	passages, ok := x.rerank(query, found.Passages)
	how.Reranked = &ok
	passages, err = x.server.Corpus.Still(x.r.Context(), req, passages)
	return passages, how, err
}

// rerank reports whether the order is the reranker's.
func (x *exchange) rerank(query corpus.Query, found []corpus.Passage) ([]corpus.Passage, bool) {
	ctx, cancel := context.WithTimeout(x.r.Context(), rerankPatience)
	defer cancel()
	texts := make([]string, len(found))
	for i, p := range found {
		texts[i] = p.Heading + "\n" + p.Text
	}
	ranks, err := x.caller.Tenant.Models.Reranker.Rank(ctx, query.Text, texts, query.K)
	x.server.Metrics.asked("reranker", err)
	if err != nil {
		x.server.Log.Warn("reranker failed", "request", x.id, "tenant", x.tenantID(), "error", err.Error())
		return found[:min(len(found), query.K)], false
	}
	ranked := make([]corpus.Passage, len(ranks))
	for i, r := range ranks {
		ranked[i] = found[r.Index]
		ranked[i].Score = r.Score
	}
	return ranked, true
}
