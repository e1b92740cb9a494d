package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrNoAPIKey: the tenant made no such key.
var ErrNoAPIKey = errors.New("API key not found")

// APIKey is the row of a key that a tenant made itself.
type APIKey struct {
	ID        string
	Hash      []byte
	Scopes    []string
	UserMAC   []byte // nil: of no user
	ExpiresAt *time.Time
	DEK       uuid.UUID // seals Meta
	Meta      []byte    // sealed
	CreatedAt time.Time
}

// APIKeys reads all keys that the tenant made, and the stamp that they are of. Nothing
// of them can be used without the tenant's data key, so no Admission is asked for.
func (s *Store) APIKeys(ctx context.Context, tenant uuid.UUID) (of Stamp, keys []APIKey, err error) {
	err = s.view(ctx, tenant, func(r *Rows) error {
		if of, err = r.stamp(ctx); err != nil {
			return err
		}
		keys, err = r.APIKeys(ctx, "", MaxAPIKeys)
		return err
	})
	return of, keys, err
}

// AuthGen reads what rises with every change of the tenant's keys.
func (s *Store) AuthGen(ctx context.Context, tenant uuid.UUID) (gen int64, err error) {
	err = s.view(ctx, tenant, func(r *Rows) error {
		of, err := r.stamp(ctx)
		gen = of.AuthGen
		return err
	})
	return gen, err
}

// MaxAPIKeys is how many a tenant may have.
const MaxAPIKeys = 1000

// APIKeys lists keys by id, after the given one.
func (r *Rows) APIKeys(ctx context.Context, after string, limit int) ([]APIKey, error) {
	rows, err := r.tx.Query(ctx, `select key_id, hash, scopes, user_mac, expires_at, dek_id, meta_ct, created_at from user_key
		where tenant_id = $1 and key_id > $2 order by key_id limit $3`, r.tenant, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[APIKey])
}

// CountAPIKeys counts the keys that the tenant made.
func (r *Rows) CountAPIKeys(ctx context.Context) (n int, err error) {
	err = r.tx.QueryRow(ctx, `select count(*) from user_key where tenant_id = $1`, r.tenant).Scan(&n)
	return n, err
}

// AddAPIKey inserts a key, and deletes those that have expired.
func (t *Tx) AddAPIKey(k APIKey) {
	t.write.queue(`delete from user_key where tenant_id = $1 and expires_at < now()`, t.tenant)
	t.write.queue(`insert into user_key (tenant_id, key_id, hash, scopes, user_mac, expires_at, dek_id, meta_ct, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, t.tenant, k.ID, k.Hash, k.Scopes, k.UserMAC, k.ExpiresAt, k.DEK, k.Meta, k.CreatedAt)
}

// RemoveAPIKey deletes a key. Errors: ErrNoAPIKey.
func (t *Tx) RemoveAPIKey(ctx context.Context, id string) error {
	done, err := t.write.Exec(ctx, `delete from user_key where tenant_id = $1 and key_id = $2`, t.tenant, id)
	if err == nil && done.RowsAffected() == 0 {
		err = ErrNoAPIKey
	}
	return err
}

// RemoveAPIKeysOf deletes a user's keys and counts them.
func (t *Tx) RemoveAPIKeysOf(ctx context.Context, userMAC []byte) (int64, error) {
	done, err := t.write.Exec(ctx, `delete from user_key where tenant_id = $1 and user_mac = $2`, t.tenant, userMAC)
	return done.RowsAffected(), err
}
