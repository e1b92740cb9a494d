package seal

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/google/uuid"
)

// MAC is HMAC-SHA256 under the tenant's MAC key over a purpose and parts. It
// stands in the database where a plain hash would let one tenant confirm
// guesses of what another one stores.
func (k *Keyring) MAC(purpose string, parts ...[]byte) (sum []byte, err error) {
	err = k.withCurrent(MAC, func(_ uuid.UUID, key []byte) error {
		h := hmac.New(sha256.New, key)
		h.Write(Bind([]byte(purpose)))
		for _, p := range parts {
			h.Write(Bind(p))
		}
		sum = h.Sum(nil)
		return nil
	})
	return sum, err
}
