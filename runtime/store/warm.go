package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// warm runs on a new connection, for no tenant, what a search reads. PostgreSQL reads its
// catalog and plans for each connection anew, which takes some milliseconds that the first
// search would wait for. Errors: that of a connection that was lost; whatever else fails
// here is told where it is asked for.
func warm(ctx context.Context, conn *pgx.Conn) error {
	err := pgx.BeginTxFunc(ctx, conn, snapshotOf(uuid.Nil), func(tx pgx.Tx) error {
		nobody := &Rows{tx: tx, tenant: uuid.Nil}
		_, unprovisioned := nobody.Head(ctx)
		_, objects := nobody.Objects(ctx, []uuid.UUID{uuid.Nil})
		_, blocks := nobody.Blocks(ctx, []BlockRef{{}})
		return errors.Join(unprovisioned, objects, blocks)
	})
	if conn.IsClosed() {
		return err
	}
	return nil
}
