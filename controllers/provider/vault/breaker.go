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
	mu     sync.Mutex
	err    error
	pause  time.Duration
	until  time.Time
	trying bool // one caller may try, and has not come back
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
		b.until, b.trying = now.Add(max(b.pause, 2*requestTimeout)), true
		return nil
	}
	return b.err
}

func (b *breaker) record(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrSealed):
		b.err, b.pause, b.trying = nil, 0, false
	case b.err == nil || b.trying:
		b.pause = min(max(2*b.pause, firstPause), maxPause)
		b.err, b.until, b.trying = err, time.Now().Add(b.pause), false
	}
	// Others were under way when the first failed: they lengthen nothing.
}
