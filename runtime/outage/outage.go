// Package outage keeps many callers from storming a service that is down.
package outage

import (
	"sync"
	"time"
)

// Breaker remembers an outage of one service: while it lasts, one call per
// interval goes through to try. It is safe for concurrent use.
type Breaker struct {
	interval time.Duration

	mu    sync.Mutex
	retry time.Time // zero: no outage
}

// NewBreaker makes a Breaker of a service that is up.
func NewBreaker(interval time.Duration) *Breaker { return &Breaker{interval: interval} }

// MayTry reports whether a call may go through now.
func (b *Breaker) MayTry(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.retry.IsZero() {
		return true
	}
	if now.Before(b.retry) {
		return false
	}
	b.retry = now.Add(b.interval)
	return true
}

// Begin takes note that a call found the service down.
func (b *Breaker) Begin(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.retry = now.Add(b.interval)
}

// End takes note that the service answered.
func (b *Breaker) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.retry = time.Time{}
}
