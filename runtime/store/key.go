package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// WrappedKey is a data key as the database holds it.
type WrappedKey struct {
	ID      uuid.UUID
	Purpose string // data or mac
	Epoch   int64
	KEKRef  string // names the key that wrapped it
	Wrapped string
}

func (r *Rows) keys(ctx context.Context) ([]WrappedKey, error) {
	rows, err := r.tx.Query(ctx, `select dek_id, purpose, epoch, kek_ref, wrapped
		from dek where tenant_id = $1 order by epoch, purpose`, r.tenant)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[WrappedKey])
}

// AddKeys inserts keys, but none whose purpose and epoch exist: of two
// replicas that try at the same time one wins, and both then use its keys.
func (t *Tx) AddKeys(keys []WrappedKey) {
	for _, k := range keys {
		t.write.queue(`insert into dek (tenant_id, dek_id, purpose, epoch, kek_ref, wrapped)
			values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, purpose, epoch) do nothing`,
			t.tenant, k.ID, k.Purpose, k.Epoch, k.KEKRef, k.Wrapped)
	}
}
