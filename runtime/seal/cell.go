package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// ErrCorrupt: the bytes were not sealed by this tenant's key for this place.
var ErrCorrupt = errors.New("sealed data does not open")

const (
	keyBytes   = 32
	saltBytes  = 16
	nonceBytes = 12
	tagBytes   = 16

	cellInfo = "bulkhead/cell/v1"
)

// SealCell seals one value of a row with the current data key and returns that
// key's id. A cell is salt 16 || nonce 12 || AES-256-GCM; the salt makes a key
// of its own, so that the number of cells a data key seals is not bounded by
// the nonce's size.
func (k *Keyring) SealCell(at Place, plain []byte) (key uuid.UUID, sealed []byte, err error) {
	err = k.withCurrent(Data, func(id uuid.UUID, dek []byte) error {
		key = id
		sealed = make([]byte, saltBytes, saltBytes+nonceBytes+len(plain)+tagBytes)
		_, _ = rand.Read(sealed) // never fails
		aead, err := derive(dek, sealed[:saltBytes], cellInfo)
		if err != nil {
			return err
		}
		sealed = sealBytes(aead, sealed, plain, at.associated(k.tenant, id))
		return nil
	})
	return key, sealed, err
}

// OpenCell opens what SealCell sealed for the same place. Errors: ErrCorrupt,
// or the key's state (ErrDenied, ErrUnreachable).
func (k *Keyring) OpenCell(at Place, key uuid.UUID, sealed []byte) (plain []byte, err error) {
	if len(sealed) < saltBytes {
		return nil, ErrCorrupt
	}
	err = k.with(key, func(dek []byte) error {
		aead, err := derive(dek, sealed[:saltBytes], cellInfo)
		if err != nil {
			return err
		}
		plain, err = openBytes(aead, nil, sealed[saltBytes:], at.associated(k.tenant, key))
		return err
	})
	return plain, err
}

// derive makes the AEAD of a subkey.
func derive(dek, salt []byte, info string) (cipher.AEAD, error) {
	subkey, err := hkdf.Key(sha256.New, dek, salt, info, keyBytes)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	defer clear(subkey)
	block, err := aes.NewCipher(subkey)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return cipher.NewGCM(block)
}

// sealBytes appends a random nonce and the ciphertext to dst.
func sealBytes(aead cipher.AEAD, dst, plain, associated []byte) []byte {
	nonce := make([]byte, nonceBytes)
	_, _ = rand.Read(nonce) // never fails
	return aead.Seal(append(dst, nonce...), nonce, plain, associated)
}

// openBytes appends what was sealed to dst.
func openBytes(aead cipher.AEAD, dst, sealed, associated []byte) ([]byte, error) {
	if len(sealed) < nonceBytes+tagBytes {
		return nil, ErrCorrupt
	}
	plain, err := aead.Open(dst, sealed[:nonceBytes], sealed[nonceBytes:], associated)
	if err != nil {
		return nil, ErrCorrupt
	}
	return plain, nil
}
