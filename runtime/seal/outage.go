package seal

import (
	"sync"
	"time"
)

// outage keeps many tenants from storming a service that is down: while it
// lasts, one call per interval goes through.
type outage struct {
	mu    sync.Mutex
	retry time.Time // zero: no outage
}

func (o *outage) mayTry(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.retry.IsZero() {
		return true
	}
	if now.Before(o.retry) {
		return false
	}
	o.retry = now.Add(probeInterval)
	return true
}

func (o *outage) begin(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.retry = now.Add(probeInterval)
}

func (o *outage) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.retry = time.Time{}
}
