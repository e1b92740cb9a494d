package users

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Question is what a user asked.
type Question struct {
	ID    uuid.UUID `json:"-"`
	User  string    `json:"user"` // whose it is: its row alone is not believed
	Route string    `json:"route"`
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
}

func questionOf(id uuid.UUID) seal.Place {
	return seal.Place{Table: "history", Column: "ct", Row: id[:]}
}

// Seal makes the row of a question that is asked now.
func (q Question) Seal(keys *seal.Keyring) (row store.Past, err error) {
	if row.ID, err = uuid.NewV7(); err != nil {
		return row, fmt.Errorf("question id: %w", err)
	}
	q.At = time.Now().UTC().Truncate(time.Microsecond)
	if row.UserMAC, err = userMAC(keys, q.User); err != nil {
		return row, err
	}
	plain, err := json.Marshal(q)
	if err != nil {
		return row, fmt.Errorf("question: %w", err)
	}
	row.DEK, row.CT, err = keys.SealCell(questionOf(row.ID), plain)
	return row, err
}

// History returns a page of what a user asked, the newest first, before the given one.
func History(ctx context.Context, keys *seal.Keyring, access *audit.Access, user string, before uuid.UUID, limit int) ([]Question, error) {
	mac, err := userMAC(keys, user)
	if err != nil {
		return nil, err
	}
	var rows []store.Past
	err = access.Admission.Read(ctx, func(r *store.Rows) (err error) {
		rows, err = r.History(ctx, mac, before, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]Question, len(rows))
	for i, row := range rows {
		if all[i], err = openQuestion(keys, row, user); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func openQuestion(keys *seal.Keyring, row store.Past, user string) (Question, error) {
	q := Question{ID: row.ID}
	plain, err := keys.OpenCell(questionOf(row.ID), row.DEK, row.CT)
	if err != nil {
		return q, fmt.Errorf("question %s: %w", row.ID, err)
	}
	if err := json.Unmarshal(plain, &q); err != nil || q.User != user {
		return Question{}, fmt.Errorf("question %s: %w: whose it is", row.ID, seal.ErrCorrupt)
	}
	return q, nil
}

// Forget erases what a user asked, and counts it.
func Forget(ctx context.Context, keys *seal.Keyring, access *audit.Access, user string) (questions int64, err error) {
	mac, err := userMAC(keys, user)
	if err != nil {
		return 0, err
	}
	return questions, change(ctx, access, func(tx *store.Tx, _ *store.Head) error {
		questions, err = tx.ForgetHistory(ctx, mac)
		return err
	})
}

// Erase deletes a user's keys, and what the user asked, and counts them.
func Erase(ctx context.Context, keys *seal.Keyring, access *audit.Access, user string) (deleted, questions int64, err error) {
	mac, err := userMAC(keys, user)
	if err != nil {
		return 0, 0, err
	}
	return deleted, questions, change(ctx, access, func(tx *store.Tx, head *store.Head) error {
		head.AuthGen++
		if deleted, err = tx.RemoveAPIKeysOf(ctx, mac); err != nil {
			return err
		}
		questions, err = tx.ForgetHistory(ctx, mac)
		return err
	})
}
