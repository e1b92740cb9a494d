package tenant

import (
	"sync"
	"time"
)

// deferral is how long a status write waits for acknowledgements, so that a
// tenant that is served soon costs one write. While thousands are made at once on
// a small machine, the slowest acknowledgements take more than five seconds.
const deferral = 2 * ackPoll

// Pending remembers since when each tenant's acknowledgement has been missing.
type Pending struct {
	mu    sync.Mutex
	since map[string]time.Time // by tenant id
}

// Left returns for how long the status of a tenant may still wait. A tenant
// whose acknowledgement is not missing is forgotten.
func (p *Pending) Left(id string, missing bool, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !missing {
		delete(p.since, id)
		return 0
	}
	if p.since == nil {
		p.since = map[string]time.Time{}
	}
	since, ok := p.since[id]
	if !ok {
		since = now
		p.since[id] = now
	}
	return max(since.Add(deferral).Sub(now), 0)
}
