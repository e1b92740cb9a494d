package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// useKey wraps and unwraps a value of its own with a tenant's key, as the
// runtime does with data keys.
func useKey(ctx context.Context, vault *seal.Vault, key *binding.Key) binding.ProbeResult {
	if key == nil {
		return failed("", errors.New("the task names no key"))
	}
	kek, secret, bound := vault.KEK(*key), make([]byte, 32), []byte("bulkhead probe")
	_, _ = rand.Read(secret) // never fails (crypto/rand since Go 1.24)
	wrapped, err := kek.Wrap(ctx, secret, bound)
	if err != nil {
		return unused(err)
	}
	opened, err := kek.Unwrap(ctx, wrapped, bound)
	if err != nil {
		return unused(err)
	}
	if !bytes.Equal(opened, secret) {
		return failed("", errors.New("the key opened something else than it had closed"))
	}
	return binding.ProbeResult{Outcome: binding.ProbeOpen}
}

func unused(err error) binding.ProbeResult {
	result := binding.ProbeResult{Outcome: binding.ProbeUnreachable, Detail: err.Error()}
	if errors.Is(err, seal.ErrDenied) {
		result.Outcome = binding.ProbeDenied
	}
	return result
}
