package corpus

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// DeleteOwned deletes the documents of a user, what waits to become one, and the user's
// vector stores; it counts the documents. Who is interrupted begins again.
func (c *Corpus) DeleteOwned(ctx context.Context, r Request, user string) (documents int, err error) {
	for _, status := range []Status{InProgress, Failed, Completed} {
		n, err := c.deleteOwned(ctx, r, user, status)
		documents += n
		if err != nil {
			return documents, err
		}
	}
	return documents, c.deleteOwnedStores(ctx, r, user)
}

const ownedPage = 256

func (c *Corpus) deleteOwned(ctx context.Context, r Request, user string, status Status) (deleted int, err error) {
	for after := uuid.Nil; ; {
		var page []Document
		if status == Completed {
			page, err = c.List(ctx, r, after, ownedPage)
		} else {
			page, err = c.Pending(ctx, r, status, after, ownedPage)
		}
		if err != nil || len(page) == 0 {
			return deleted, err
		}
		for _, doc := range page {
			after = doc.ID
			if doc.Access.Owner != user {
				continue
			}
			if err := c.Delete(ctx, r, doc.ID.String()); err != nil && !errors.Is(err, store.ErrNotFound) {
				return deleted, err
			}
			deleted++
		}
	}
}

func (c *Corpus) deleteOwnedStores(ctx context.Context, r Request, user string) error {
	stores, err := c.VectorStores(ctx, r, uuid.Nil, MaxVectorStores)
	if err != nil {
		return err
	}
	for _, s := range stores {
		if s.Owner != user {
			continue
		}
		if err := c.DeleteVectorStore(ctx, r, s.ID); err != nil && !errors.Is(err, store.ErrNoVectorStore) {
			return err
		}
	}
	return nil
}
