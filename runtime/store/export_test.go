package store

import (
	"context"

	"github.com/google/uuid"
)

// Facts returns what Open compares with the golden list.
func Facts(ctx context.Context, s *Store) ([]string, error) {
	facts, err := gather(ctx, s.app)
	var lines []string
	for _, f := range facts {
		lines = append(lines, f.Text)
	}
	return lines, err
}

// Unproven makes a Store without the proof.
func Unproven(ctx context.Context, cfg Config) (*Store, error) {
	app, err := newPool(ctx, cfg, "bulkhead_app", cfg.AppPasswordFile, cfg.AppConns)
	if err != nil {
		return nil, err
	}
	lane, err := newPool(ctx, cfg, "bulkhead_lane", cfg.LanePasswordFile, cfg.LaneConns)
	return &Store{app: app, lane: lane, shares: newShares(cfg.TenantShare, cfg.Wait), wait: cfg.Wait}, err
}

// Setting reads a setting of the session that the write door uses.
func Setting(ctx context.Context, s *Store, tenant uuid.UUID, name string) (value string, err error) {
	err = s.WithTenant(ctx, tenant, func(tx *Tx) error {
		return tx.tx.QueryRow(ctx, "select current_setting($1)", name).Scan(&value)
	})
	return value, err
}
