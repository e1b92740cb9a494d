package component

import (
	"math/rand/v2"
	"sync"
	"time"
)

// ProbeInterval is how often what is in Vault is looked at when nothing else
// gives cause to.
const ProbeInterval = 15 * time.Minute

// hastened is how soon something that somebody complains of is looked at.
const hastened = 15 * time.Second

// Probes remember when what a spec describes was last found in order, so that a
// reconcile without cause makes no call to Vault.
type Probes[S comparable] struct {
	mu  sync.Mutex
	due map[string]probe[S]
}

type probe[S comparable] struct {
	spec S
	at   time.Time
}

// Due returns how long the thing of a name may be left alone; zero: look now.
// After a restart, what was in order is spread over the interval.
func (p *Probes[S]) Due(name string, spec S, storedReady bool, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.due[name]
	switch {
	case !ok && storedReady:
		known = probe[S]{spec, now.Add(rand.N(ProbeInterval))} //nolint:gosec // no secret
		p.set(name, known)
	case !ok, known.spec != spec:
		return 0
	}
	return max(known.at.Sub(now), 0)
}

// Done records that a thing is in order.
func (p *Probes[S]) Done(name string, spec S, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(name, probe[S]{spec, now.Add(ProbeInterval)})
}

// Hasten looks at a thing soon: somebody says that it is not in order.
func (p *Probes[S]) Hasten(name string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.due[name]; ok && known.at.Sub(now) > hastened {
		known.at = now.Add(hastened)
		p.due[name] = known
	}
}

// Forget drops a thing.
func (p *Probes[S]) Forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.due, name)
}

func (p *Probes[S]) set(name string, next probe[S]) {
	if p.due == nil {
		p.due = map[string]probe[S]{}
	}
	p.due[name] = next
}
