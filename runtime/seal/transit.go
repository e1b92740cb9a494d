package seal

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// transit is a key in a Vault transit secrets engine.
type transit struct {
	vault *Vault
	key   binding.Key
}

func (t transit) Ref() string {
	return fmt.Sprintf("%s:%s/%s", t.key.Provider, t.key.Mount, t.key.Name)
}

func (t transit) Wrap(ctx context.Context, key, bound []byte) (string, error) {
	return t.call(ctx, "encrypt", "ciphertext", map[string]any{
		"plaintext":       base64.StdEncoding.EncodeToString(key),
		"associated_data": base64.StdEncoding.EncodeToString(bound),
	})
}

func (t transit) Unwrap(ctx context.Context, wrapped string, bound []byte) ([]byte, error) {
	text, err := t.call(ctx, "decrypt", "plaintext", map[string]any{
		"ciphertext":      wrapped,
		"associated_data": base64.StdEncoding.EncodeToString(bound),
	})
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: answer is not base64", ErrUnreachable)
	}
	return key, nil
}

// call asks for one operation and returns one field of the answer.
func (t transit) call(ctx context.Context, operation, field string, body map[string]any) (string, error) {
	data, err := t.vault.write(ctx, t.key.Role, fmt.Sprintf("%s/%s/%s", t.key.Mount, operation, t.key.Name), body)
	if err != nil {
		return "", fmt.Errorf("%s with %s: %w", operation, t.Ref(), err)
	}
	text, ok := data[field].(string)
	if !ok {
		return "", fmt.Errorf("%s with %s: %w: answer lacks %s", operation, t.Ref(), ErrUnreachable, field)
	}
	return text, nil
}
