package users

import (
	"context"
	"errors"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// ErrKeys: the tenant has as many keys as it may.
var ErrKeys = errors.New("too many API keys")

// Create makes an API key of what k says, under its id, and returns its text, which is
// kept nowhere. Errors: ErrKeys, those of the write door and of the keys.
func Create(ctx context.Context, keys *seal.Keyring, access *audit.Access, k Key) (text string, made Key, err error) {
	k.CreatedAt = time.Now().UTC().Truncate(time.Microsecond)
	text, row, err := k.seal(keys)
	if err != nil {
		return "", k, err
	}
	return text, k, change(ctx, access, func(tx *store.Tx, head *store.Head) error {
		n, err := tx.CountAPIKeys(ctx)
		if err == nil && n >= store.MaxAPIKeys {
			err = ErrKeys
		}
		if err != nil {
			return err
		}
		head.AuthGen++
		tx.AddAPIKey(row)
		return nil
	})
}

// Delete removes a key. No request on any replica that begins after it returned nil is
// let in by it. Errors: store.ErrNoAPIKey, those of the write door.
func Delete(ctx context.Context, access *audit.Access, id string) error {
	return change(ctx, access, func(tx *store.Tx, head *store.Head) error {
		head.AuthGen++
		return tx.RemoveAPIKey(ctx, id)
	})
}

// List returns a page of keys by id, after the given one.
func List(ctx context.Context, keys *seal.Keyring, access *audit.Access, after string, limit int) ([]Key, error) {
	var rows []store.APIKey
	err := access.Admission.Read(ctx, func(r *store.Rows) (err error) {
		rows, err = r.APIKeys(ctx, after, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]Key, len(rows))
	for i, row := range rows {
		if all[i], _, err = openKey(keys, row); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// change makes a change of what is a user's, and records it.
func change(ctx context.Context, access *audit.Access, do func(*store.Tx, *store.Head) error) error {
	return access.Admission.Change(ctx, func(tx *store.Tx) error {
		head, err := tx.LockHead(ctx)
		if err != nil {
			return err
		}
		if err := do(tx, &head); err != nil {
			return err
		}
		if err := access.Change(tx, &head); err != nil {
			return err
		}
		tx.SaveHead(head)
		return nil
	})
}
