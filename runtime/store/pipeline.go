package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// queries is what rows are read by.
type queries interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// pipeline runs the statements of a write transaction in their order, and sends those
// whose result nobody asks for together with the next one whose result somebody does:
// the head is locked for as few round trips as can be.
type pipeline struct {
	tx     pgx.Tx
	queued pgx.Batch
}

// queue has a statement run before the next one, or before the commit.
func (p *pipeline) queue(sql string, args ...any) { p.queued.Queue(sql, args...) }

// sentBytes of large objects are on their way at a time: pgx holds them once more.
const sentBytes = 8 << 20

// flush runs what is queued.
func (p *pipeline) flush(ctx context.Context) error {
	queued := p.queued.QueuedQueries
	p.queued = pgx.Batch{}
	for len(queued) > 0 {
		n := sentTogether(queued)
		if err := p.tx.SendBatch(ctx, &pgx.Batch{QueuedQueries: queued[:n]}).Close(); err != nil {
			return err
		}
		queued = queued[n:]
	}
	return nil
}

// sentTogether is how many of the statements are sent at a time, at least one.
func sentTogether(queued []*pgx.QueuedQuery) (n int) {
	for size := 0; n < len(queued) && size < sentBytes; n++ {
		for _, argument := range queued[n].Arguments {
			if large, is := argument.([]byte); is {
				size += len(large)
			}
		}
	}
	return n
}

// Exec runs a statement whose result matters.
func (p *pipeline) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := p.flush(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return p.tx.Exec(ctx, sql, args...)
}

// Query reads rows.
func (p *pipeline) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := p.flush(ctx); err != nil {
		return nil, err
	}
	return p.tx.Query(ctx, sql, args...)
}

// QueryRow reads a row.
func (p *pipeline) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := p.flush(ctx); err != nil {
		return failedRow{err}
	}
	return p.tx.QueryRow(ctx, sql, args...)
}

// failedRow is the row of a query that was not run.
type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }
