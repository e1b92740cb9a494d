package seal

import (
	"context"
	"errors"
)

// Why a key is of no use. The two must be told apart: a denied key ends access
// at once, an unreachable one when the lease ends.
var (
	ErrDenied      = errors.New("key access is denied")
	ErrUnreachable = errors.New("key service is unreachable")
)

// KEK is a tenant's key-encryption key, wherever it lives. Errors wrap
// ErrDenied or ErrUnreachable.
type KEK interface {
	// Ref names the key, for the record beside what it wrapped.
	Ref() string
	// Wrap encrypts a data key; bound must be given again to unwrap it.
	Wrap(ctx context.Context, key, bound []byte) (wrapped string, err error)
	Unwrap(ctx context.Context, wrapped string, bound []byte) (key []byte, err error)
}
