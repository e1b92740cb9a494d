package corpus

import (
	"context"
	"slices"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Still returns those of the passages whose documents are now as they were when they were
// found: neither deleted, nor replaced, nor for others. Whoever does anything slow with
// passages asks before it tells of them.
func (c *Corpus) Still(ctx context.Context, r Request, passages []Passage) ([]Passage, error) {
	if len(passages) == 0 {
		return passages, nil
	}
	headers := make([]store.BlockRef, len(passages))
	for i, p := range passages {
		headers[i] = store.BlockRef{Object: p.source}
	}
	there, err := r.blocks(ctx, headers)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(passages), func(p Passage) bool {
		return there[store.BlockRef{Object: p.source}] == nil
	}), nil
}
