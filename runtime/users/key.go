package users

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Key is an API key that a tenant made, without its text. It never changes.
type Key struct {
	ID        string
	Label     string
	Caller    principal.Caller // whom it makes of who shows it
	ExpiresAt *time.Time       // nil: it does not expire
	CreatedAt time.Time
}

// expired reports whether the key is of no use any more.
func (k Key) expired(now time.Time) bool { return k.ExpiresAt != nil && !now.Before(*k.ExpiresAt) }

// keyMeta is what is sealed of a key. It has what the columns have, too, which alone are
// not believed.
type keyMeta struct {
	Label     string          `json:"label,omitempty"`
	User      string          `json:"user,omitempty"`
	Groups    []string        `json:"groups,omitempty"`
	Scope     principal.Scope `json:"scope"`
	SHA256    []byte          `json:"sha256"` // of the key's text
	ExpiresAt *time.Time      `json:"expires_at,omitempty"`
}

func keyMetaOf(id string) seal.Place {
	return seal.Place{Table: "user_key", Column: "meta_ct", Row: []byte(id)}
}

// NewKeyID is random: nobody else's key has it again.
func NewKeyID() string {
	raw := make([]byte, 8)
	_, _ = rand.Read(raw) // never fails
	return "u" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}

// seal makes the row of the key and its text.
func (k Key) seal(keys *seal.Keyring) (text string, row store.APIKey, err error) {
	text, _ = binding.NewKey(keys.Tenant(), k.ID)
	sum := sha256.Sum256([]byte(text))
	row = store.APIKey{ID: k.ID, Hash: sum[:], Scopes: k.Caller.Scope.Names(), ExpiresAt: k.ExpiresAt, CreatedAt: k.CreatedAt}
	if k.Caller.User != "" {
		if row.UserMAC, err = userMAC(keys, k.Caller.User); err != nil {
			return "", row, err
		}
	}
	plain, err := json.Marshal(keyMeta{
		Label: k.Label, User: k.Caller.User, Groups: k.Caller.Groups, Scope: k.Caller.Scope, SHA256: sum[:], ExpiresAt: k.ExpiresAt,
	})
	if err != nil {
		return "", row, fmt.Errorf("API key: %w", err)
	}
	row.DEK, row.Meta, err = keys.SealCell(keyMetaOf(k.ID), plain)
	return text, row, err
}

// userMAC is what the database knows a user by.
func userMAC(keys *seal.Keyring, user string) ([]byte, error) {
	return keys.MAC("user", []byte(user))
}

// openKey opens a row, and returns the hash of the key's text that it seals.
func openKey(keys *seal.Keyring, row store.APIKey) (k Key, hash []byte, err error) {
	plain, err := keys.OpenCell(keyMetaOf(row.ID), row.DEK, row.Meta)
	if err != nil {
		return k, nil, fmt.Errorf("API key %s: %w", row.ID, err)
	}
	var m keyMeta
	if err := json.Unmarshal(plain, &m); err != nil {
		return k, nil, fmt.Errorf("API key %s: %w: metadata", row.ID, seal.ErrCorrupt)
	}
	return Key{
		ID: row.ID, Label: m.Label, Caller: principal.Caller{User: m.User, Groups: m.Groups, Scope: m.Scope},
		ExpiresAt: m.ExpiresAt, CreatedAt: row.CreatedAt,
	}, m.SHA256, nil
}

// matches compares hashes in constant time.
func matches(hash, of []byte) bool { return subtle.ConstantTimeCompare(hash, of) == 1 }
