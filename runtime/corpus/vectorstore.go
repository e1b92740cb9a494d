package corpus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// VectorStore is a named part of the tenant's documents. Which documents are in it
// stands with the documents; one that is not there any more leaves no trace in a search.
type VectorStore struct {
	ID          uuid.UUID         `json:"-"`
	CreatedAt   time.Time         `json:"-"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Owner       string            `json:"owner,omitempty"` // a user, who sees it alone; empty: the tenant, for everyone
}

func (s VectorStore) access() principal.Access { return principal.Usual(s.Owner) }

// MaxVectorStores is how many a tenant may have.
const MaxVectorStores = 1000

// ErrVectorStores: the tenant has as many vector stores as it may.
var ErrVectorStores = errors.New("too many vector stores")

func storeMetaOf(id uuid.UUID) seal.Place {
	return seal.Place{Table: "vector_store", Column: "meta_ct", Row: id[:]}
}

// NewVectorStore has an id and is not kept yet: CreateVectorStore does that.
func NewVectorStore() (VectorStore, error) {
	id, err := uuid.NewV7() // listings are in order of creation
	if err != nil {
		return VectorStore{}, fmt.Errorf("vector store id: %w", err)
	}
	return VectorStore{ID: id}, nil
}

// CreateVectorStore keeps a NewVectorStore with what s says. Errors: ErrVectorStores,
// those of the write door and of the keys.
func (c *Corpus) CreateVectorStore(ctx context.Context, r Request, s VectorStore) (VectorStore, error) {
	s.Owner, s.CreatedAt = r.Caller.User, time.Now().UTC().Truncate(time.Microsecond)
	return s, r.changeStores(ctx, func(tx *store.Tx) error {
		n, err := tx.CountVectorStores(ctx)
		if err == nil && n >= MaxVectorStores {
			err = ErrVectorStores
		}
		if err != nil {
			return err
		}
		return r.saveStore(tx, s)
	})
}

// ChangeVectorStore edits a vector store. Errors: store.ErrNoVectorStore, ErrOwner, those of the
// write door and of the keys.
func (c *Corpus) ChangeVectorStore(ctx context.Context, r Request, id uuid.UUID, edit func(*VectorStore)) (s VectorStore, err error) {
	err = r.changeStores(ctx, func(tx *store.Tx) error {
		if s, err = r.ownStore(ctx, &tx.Rows, id); err != nil {
			return err
		}
		edit(&s)
		return r.saveStore(tx, s)
	})
	return s, err
}

// DeleteVectorStore removes a vector store and leaves the documents that are in it.
// Errors: store.ErrNoVectorStore, ErrOwner, those of the write door and of the keys.
func (c *Corpus) DeleteVectorStore(ctx context.Context, r Request, id uuid.UUID) error {
	return r.changeStores(ctx, func(tx *store.Tx) error {
		if _, err := r.ownStore(ctx, &tx.Rows, id); err != nil {
			return err
		}
		return tx.RemoveVectorStore(ctx, id)
	})
}

// ownStore finds a vector store for who may change it. Errors: store.ErrNoVectorStore,
// ErrOwner.
func (r Request) ownStore(ctx context.Context, rows *store.Rows, id uuid.UUID) (VectorStore, error) {
	row, err := rows.VectorStore(ctx, id)
	if err != nil {
		return VectorStore{}, err
	}
	s, err := r.seenStore(row)
	if err == nil && !r.Caller.Changes(s.access()) {
		err = ErrOwner
	}
	return s, err
}

// seenStore describes a vector store that the caller sees. Errors: store.ErrNoVectorStore.
func (r Request) seenStore(row store.VectorStore) (VectorStore, error) {
	s, err := describeStore(r.keys(), row)
	if err == nil && !r.Caller.Sees(s.access()) {
		err = store.ErrNoVectorStore
	}
	return s, err
}

// changeStores makes a change of vector stores, and records it.
func (r Request) changeStores(ctx context.Context, change func(*store.Tx) error) error {
	return r.admission().Change(ctx, func(tx *store.Tx) error {
		head, err := tx.LockHead(ctx)
		if err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		return r.record(tx, head)
	})
}

func (r Request) saveStore(tx *store.Tx, s VectorStore) error {
	plain, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("vector store: %w", err)
	}
	row := store.VectorStore{ID: s.ID, CreatedAt: s.CreatedAt}
	if row.DEK, row.Meta, err = r.keys().SealCell(storeMetaOf(s.ID), plain); err != nil {
		return err
	}
	tx.SaveVectorStore(row)
	return nil
}

func describeStore(keys *seal.Keyring, row store.VectorStore) (VectorStore, error) {
	s := VectorStore{ID: row.ID, CreatedAt: row.CreatedAt}
	plain, err := keys.OpenCell(storeMetaOf(row.ID), row.DEK, row.Meta)
	if err != nil {
		return s, fmt.Errorf("vector store %s: %w", row.ID, err)
	}
	if err := json.Unmarshal(plain, &s); err != nil {
		return s, fmt.Errorf("vector store %s: %w: metadata", row.ID, seal.ErrCorrupt)
	}
	return s, nil
}

// VectorStore describes a vector store. Errors: store.ErrNoVectorStore.
func (c *Corpus) VectorStore(ctx context.Context, r Request, id uuid.UUID) (VectorStore, error) {
	var row store.VectorStore
	err := r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		row, err = rows.VectorStore(ctx, id)
		return err
	})
	if err != nil {
		return VectorStore{}, err
	}
	return r.seenStore(row)
}

// VectorStores returns a page of vector stores by id, after the given one.
func (c *Corpus) VectorStores(ctx context.Context, r Request, after uuid.UUID, limit int) ([]VectorStore, error) {
	var stores []VectorStore
	for {
		var rows []store.VectorStore
		err := r.admission().Read(ctx, func(s *store.Rows) (err error) {
			rows, err = s.VectorStores(ctx, after, limit)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			after = row.ID
			one, err := r.seenStore(row)
			switch {
			case err == nil:
				stores = append(stores, one)
			case !errors.Is(err, store.ErrNoVectorStore):
				return nil, err
			}
		}
		if len(rows) < limit || len(stores) >= limit {
			return stores[:min(limit, len(stores))], nil
		}
	}
}
