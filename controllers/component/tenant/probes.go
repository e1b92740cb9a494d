package tenant

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// ProbeInterval is how often a tenant's key, policy and role are looked at when
// nothing else gives cause to.
const ProbeInterval = 15 * time.Minute

// hastened is how soon a key that a runtime complains of is looked at.
const hastened = 15 * time.Second

// Probes remember when each tenant's key was last found in order, so that a
// reconcile without cause makes no call to Vault.
type Probes struct {
	mu  sync.Mutex
	due map[string]probe // by tenant id
}

type probe struct {
	spec vault.Spec
	at   time.Time
}

// Due returns how long a tenant's key may be left alone; zero: look now. After
// a restart, a tenant whose key was in order is spread over the interval.
func (p *Probes) Due(id string, spec vault.Spec, storedReady bool, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.due[id]
	switch {
	case !ok && storedReady:
		known = probe{spec, now.Add(rand.N(ProbeInterval))} //nolint:gosec // no secret
		p.set(id, known)
	case !ok, known.spec != spec:
		return 0
	}
	return max(known.at.Sub(now), 0)
}

// Done records that a tenant's key is in order.
func (p *Probes) Done(id string, spec vault.Spec, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(id, probe{spec, now.Add(ProbeInterval)})
}

// Hasten looks at a tenant's key soon: a runtime says that it is refused the key.
func (p *Probes) Hasten(id string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.due[id]; ok && known.at.Sub(now) > hastened {
		known.at = now.Add(hastened)
		p.due[id] = known
	}
}

// Forget drops a tenant.
func (p *Probes) Forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.due, id)
}

func (p *Probes) set(id string, next probe) {
	if p.due == nil {
		p.due = map[string]probe{}
	}
	p.due[id] = next
}
