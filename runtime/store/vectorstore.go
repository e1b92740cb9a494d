package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrNoVectorStore: the tenant has no such vector store.
var ErrNoVectorStore = errors.New("vector store not found")

// VectorStore is the row of a vector store.
type VectorStore struct {
	ID        uuid.UUID
	DEK       uuid.UUID // seals Meta
	Meta      []byte    // sealed
	CreatedAt time.Time
}

const vectorStoreColumns = `store_id, dek_id, meta_ct, created_at`

// VectorStore finds a vector store. Errors: ErrNoVectorStore.
func (r *Rows) VectorStore(ctx context.Context, id uuid.UUID) (VectorStore, error) {
	rows, err := r.tx.Query(ctx, `select `+vectorStoreColumns+` from vector_store where tenant_id = $1 and store_id = $2`, r.tenant, id)
	if err != nil {
		return VectorStore{}, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[VectorStore])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoVectorStore
	}
	return found, err
}

// VectorStores lists vector stores by id, after the given one.
func (r *Rows) VectorStores(ctx context.Context, after uuid.UUID, limit int) ([]VectorStore, error) {
	rows, err := r.tx.Query(ctx, `select `+vectorStoreColumns+` from vector_store
		where tenant_id = $1 and store_id > $2 order by store_id limit $3`, r.tenant, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[VectorStore])
}

// VectorStoresOf returns the ids of those of the given vector stores that are there, in
// order.
func (r *Rows) VectorStoresOf(ctx context.Context, ids []uuid.UUID) ([]uuid.UUID, error) {
	rows, err := r.tx.Query(ctx, `select store_id from vector_store where tenant_id = $1 and store_id = any($2) order by store_id`, r.tenant, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// CountVectorStores counts the tenant's vector stores.
func (r *Rows) CountVectorStores(ctx context.Context) (n int, err error) {
	err = r.tx.QueryRow(ctx, `select count(*) from vector_store where tenant_id = $1`, r.tenant).Scan(&n)
	return n, err
}

// SaveVectorStore inserts the vector store or replaces the one with the same id.
func (t *Tx) SaveVectorStore(s VectorStore) {
	t.write.queue(`insert into vector_store (tenant_id, store_id, dek_id, meta_ct, created_at) values ($1, $2, $3, $4, $5)
		on conflict (tenant_id, store_id) do update set dek_id = $3, meta_ct = $4`, t.tenant, s.ID, s.DEK, s.Meta, s.CreatedAt)
}

// RemoveVectorStore deletes a vector store. Errors: ErrNoVectorStore.
func (t *Tx) RemoveVectorStore(ctx context.Context, id uuid.UUID) error {
	done, err := t.write.Exec(ctx, `delete from vector_store where tenant_id = $1 and store_id = $2`, t.tenant, id)
	if err == nil && done.RowsAffected() == 0 {
		err = ErrNoVectorStore
	}
	return err
}
