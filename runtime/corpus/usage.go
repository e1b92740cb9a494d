package corpus

import (
	"context"

	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

// Usage is how much there is of the documents that a caller sees.
type Usage struct {
	Documents int64
	Bytes     int64 // of their texts
	Chunks    int64
	Hybrid    bool // they are ranked by meaning, too, and not by words alone
}

// Usage counts the documents that the caller sees.
func (c *Corpus) Usage(ctx context.Context, r Request) (Usage, error) {
	v, err := c.view(ctx, r)
	if err != nil {
		return Usage{}, err
	}
	seen := v.seenBy(r.Caller)
	documents, chunks := seen.Len()
	u := Usage{Documents: int64(documents), Chunks: int64(chunks), Hybrid: v.basis != nil}
	if r.Caller.May(principal.Admin) {
		head, err := c.head(ctx, r)
		u.Bytes = head.Bytes
		return u, err
	}
	for encoded := range seen.Documents() {
		a, err := openAttributes(encoded)
		if err != nil {
			return Usage{}, err
		}
		u.Bytes += a.bytes()
	}
	return u, nil
}
