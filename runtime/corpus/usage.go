package corpus

import (
	"context"

	"github.com/bulkhead-dev/bulkhead/runtime/model"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

// Usage is how much there is of the documents that a caller sees.
type Usage struct {
	Documents int64
	Bytes     int64 // of their texts
	Chunks    int64
	Hybrid    bool // they are ranked by meaning, too, and not by words alone
	// ToEmbed is how many of all chunks have no vector of the tenant's embedding model
	// yet; only who sees all is told.
	ToEmbed int64
}

// toEmbed counts the chunks without a vector of an embedding model, nil for none.
func (v *view) toEmbed(by *model.Embedder) int {
	switch {
	case by == nil || v.basis.is(spaceOf(by)):
		return 0
	case v.next.is(spaceOf(by)):
		return v.manifest.lacking()
	}
	_, chunks := v.index.Len()
	return chunks
}

// Usage counts the documents that the caller sees.
func (c *Corpus) Usage(ctx context.Context, r Request) (u Usage, err error) {
	err = c.withView(ctx, r, func(v *view) (err error) {
		u, err = v.usage(r)
		return err
	})
	if err != nil || !r.Caller.May(principal.Admin) {
		return u, err
	}
	head, err := c.head(ctx, r)
	u.Bytes = head.Bytes
	return u, err
}

// usage leaves the bytes to the head for who sees all.
func (v *view) usage(r Request) (Usage, error) {
	seen := v.seenBy(r.Caller)
	documents, chunks := seen.Len()
	u := Usage{Documents: int64(documents), Chunks: int64(chunks), Hybrid: v.basis != nil}
	if r.Caller.May(principal.Admin) {
		u.ToEmbed = int64(v.toEmbed(r.Tenant.Models.Embedder))
		return u, nil
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
