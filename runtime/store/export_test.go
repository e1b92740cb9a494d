package store

import (
	"context"

	"github.com/google/uuid"
)

// Facts returns what is compared with the golden list.
func Facts(ctx context.Context, cfg Config) ([]string, error) {
	p, err := newPools(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer p.close()
	facts, err := gather(ctx, p.app)
	var lines []string
	for _, f := range facts {
		lines = append(lines, f.Text)
	}
	return lines, err
}

// Classify is what the doors make of an error.
func Classify(err error) error { return classify(err) }

// Setting reads a setting of the session that the write door uses.
func Setting(ctx context.Context, s *Store, tenant uuid.UUID, name string) (value string, err error) {
	err = s.WithTenant(ctx, tenant, func(tx *Tx) error {
		return tx.tx.QueryRow(ctx, "select current_setting($1)", name).Scan(&value)
	})
	return value, err
}

// Prepared counts the statements that the connection of a snapshot knows.
func (r *Rows) Prepared(ctx context.Context) (count int, err error) {
	err = r.tx.QueryRow(ctx, "select count(*) from pg_prepared_statements").Scan(&count)
	return count, err
}
