package binding

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The shape of an API key: bk_<tenant><key>_<secret>, where tenant is the
// tenant's UUID and secret is 32 random bytes, both in lower-case base32
// (letters and digits only, so that a double click selects all of it).
const (
	keyPrefix   = "bk_"
	tenantChars = 26
	secretChars = 52
	secretBytes = 32
	maxKeyID    = 16
)

var keyText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ErrMalformedKey is returned for text that no key of ours can be.
var ErrMalformedKey = errors.New("malformed API key")

// Credential is the stored half of an API key. A secret has 256 random bits,
// so a plain SHA-256 is as hard to reverse as the secret is to guess.
type Credential struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256"` // of the whole key text, in hexadecimal
	// ExpiresAt is set on a credential that was rotated away.
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// Expired reports whether a rotated credential's hour is over.
func (c Credential) Expired(now time.Time) bool {
	return c.ExpiresAt != nil && !now.Before(*c.ExpiresAt)
}

// NewKey makes the text of a fresh API key and the Credential that proves it.
func NewKey(tenant uuid.UUID, keyID string) (text string, stored Credential) {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails (crypto/rand since Go 1.24)
	text = keyPrefix + keyText.EncodeToString(tenant[:]) + keyID + "_" + keyText.EncodeToString(secret)
	return text, CredentialOf(keyID, text)
}

// CredentialOf is the stored half of an existing key.
func CredentialOf(keyID, text string) Credential {
	sum := sha256.Sum256([]byte(text))
	return Credential{ID: keyID, SHA256: hex.EncodeToString(sum[:])}
}

// ParseKey reads the tenant and the key id out of a key's text. Both are hints
// until the key Matches a stored Credential.
func ParseKey(text string) (tenant uuid.UUID, keyID string, err error) {
	rest, ok := strings.CutPrefix(text, keyPrefix)
	if !ok {
		return uuid.Nil, "", ErrMalformedKey
	}
	head, secret, ok := strings.Cut(rest, "_")
	if !ok || len(secret) != secretChars || len(head) <= tenantChars || len(head) > tenantChars+maxKeyID {
		return uuid.Nil, "", ErrMalformedKey
	}
	raw, err := keyText.DecodeString(head[:tenantChars])
	if err != nil || keyText.EncodeToString(raw) != head[:tenantChars] {
		return uuid.Nil, "", ErrMalformedKey
	}
	tenant, err = uuid.FromBytes(raw)
	if err != nil {
		return uuid.Nil, "", ErrMalformedKey
	}
	return tenant, head[tenantChars:], nil
}

// Matches compares a key's text with the stored Credential in constant time.
func (c Credential) Matches(text string) bool {
	sum := sha256.Sum256([]byte(text))
	want, err := hex.DecodeString(c.SHA256)
	return err == nil && subtle.ConstantTimeCompare(sum[:], want) == 1
}

func validateCredentials(all []Credential) error {
	for i, c := range all {
		if c.ID == "" || len(c.ID) > maxKeyID {
			return fmt.Errorf("binding: credentials[%d].id: must have 1 to %d characters", i, maxKeyID)
		}
		if raw, err := hex.DecodeString(c.SHA256); err != nil || len(raw) != sha256.Size {
			return fmt.Errorf("binding: credentials[%d].sha256: must be %d hexadecimal characters", i, 2*sha256.Size)
		}
	}
	return nil
}
