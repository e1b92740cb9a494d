package corpus

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// living are those of the vector stores of a document that are still there: one that is
// deleted stays with its documents until they change.
func (r Request) living(ctx context.Context, stores []uuid.UUID) (living []uuid.UUID, err error) {
	if len(stores) == 0 {
		return nil, nil
	}
	err = r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		living, err = rows.VectorStoresOf(ctx, stores)
		return err
	})
	return living, err
}

// mayMove checks that the caller may change each vector store that a document is put into
// or taken out of: what is in one is what its readers are told. Errors:
// store.ErrNoVectorStore, ErrOwner.
func (r Request) mayMove(ctx context.Context, from, to []uuid.UUID) error {
	moved := append(except(from, to), except(to, from)...)
	if len(moved) == 0 {
		return nil
	}
	return r.admission().Read(ctx, func(rows *store.Rows) error {
		for _, id := range moved {
			if _, err := r.ownStore(ctx, rows, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// except are those of all that are none of others.
func except(all, others []uuid.UUID) []uuid.UUID {
	return slices.DeleteFunc(slices.Clone(all), func(id uuid.UUID) bool { return slices.Contains(others, id) })
}
