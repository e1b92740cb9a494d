package vault

import (
	"errors"
	"sync"
	"time"
)

// How long a Vault that does not answer is left alone, at first and at most.
const (
	firstPause = 1 * time.Second
	maxPause   = 15 * time.Second
)

// breaker bounds the calls to a Vault that does not answer to one a pause,
// however many tenants wait. Meanwhile everybody gets the last error at once.
type breaker struct {
	mu    sync.Mutex
	err   error
	pause time.Duration
	until time.Time
}

// allow returns nil when a call may be made. After a pause one caller may try;
// the others go on failing until it came back.
func (b *breaker) allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		return nil
	}
	if now := time.Now(); now.After(b.until) {
		b.until = now.Add(max(b.pause, 2*requestTimeout))
		return nil
	}
	return b.err
}

func (b *breaker) record(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrSealed) {
		b.err, b.pause = nil, 0
		return
	}
	b.pause = min(max(2*b.pause, firstPause), maxPause)
	b.err, b.until = err, time.Now().Add(b.pause)
}
