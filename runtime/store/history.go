package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Past is the row of what a user asked.
type Past struct {
	ID      uuid.UUID // in the order of time
	UserMAC []byte
	DEK     uuid.UUID // seals CT
	CT      []byte    // sealed
}

func queuePast(batch *pgx.Batch, tenant uuid.UUID, past []Past) {
	for _, p := range past {
		batch.Queue(`insert into history (tenant_id, id, user_mac, dek_id, ct) values ($1, $2, $3, $4, $5)`, tenant, p.ID, p.UserMAC, p.DEK, p.CT)
	}
}

// History lists what a user asked, the newest first, before the given one.
func (r *Rows) History(ctx context.Context, userMAC []byte, before uuid.UUID, limit int) ([]Past, error) {
	rows, err := r.tx.Query(ctx, `select id, user_mac, dek_id, ct from history
		where tenant_id = $1 and user_mac = $2 and id < $3 order by id desc limit $4`, r.tenant, userMAC, before, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Past])
}

// ForgetHistory deletes what a user asked, and counts it.
func (t *Tx) ForgetHistory(ctx context.Context, userMAC []byte) (int64, error) {
	done, err := t.write.Exec(ctx, `delete from history where tenant_id = $1 and user_mac = $2`, t.tenant, userMAC)
	return done.RowsAffected(), err
}
