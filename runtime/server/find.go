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

// find returns the passages that match a query best, in the order of the tenant's
// reranker. reranked is nil without one, and false when it failed: the order is then
// the search's own.
func (x *exchange) find(req corpus.Request, query corpus.Query) (found []corpus.Passage, reranked *bool, err error) {
	if x.caller.Tenant.Models.Reranker == nil {
		found, err = x.server.Corpus.Retrieve(x.r.Context(), req, query)
		return found, nil, err
	}
	wide := query
	wide.K = max(query.K, rerankDepth)
	if found, err = x.server.Corpus.Retrieve(x.r.Context(), req, wide); err != nil {
		return nil, nil, err
	}
	found, ok := x.rerank(query, found)
	return found, &ok, nil
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
