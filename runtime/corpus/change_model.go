package corpus

import (
	"context"
	"errors"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

const (
	// changeTimeout bounds one attempt at embedding a tenant's documents anew.
	changeTimeout = time.Hour
	// The first and the longest wait after an attempt that failed.
	changeRetry   = 5 * time.Second
	longestChange = 5 * time.Minute
)

// change is the embedding anew of a tenant's documents, of which one attempt runs at a
// time.
type change struct {
	request  Request // the newest: its tenant has the model
	cancel   context.CancelFunc
	timer    *time.Timer // of the next attempt, nil while one runs
	failures int
}

func (c *change) end() {
	c.cancel()
	if c.timer != nil {
		c.timer.Stop()
	}
}

// reembed begins to embed a tenant's documents anew, unless that is under way. An
// attempt for another model than the tenant has now is ended.
func (u *upkeep) reembed(c *Corpus, r Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	it := u.changes[r.keys()]
	switch {
	case u.closed:
		return
	case it == nil:
		it = &change{}
		u.changes[r.keys()] = it
	case it.request.Tenant.Models.Embedder == r.Tenant.Models.Embedder:
		it.request = r
		return
	default:
		it.end()
		it = &change{}
		u.changes[r.keys()] = it
	}
	it.request = r
	u.attempt(c, it)
}

// attempt runs the next attempt of a change.
func (u *upkeep) attempt(c *Corpus, it *change) {
	ctx, cancel := context.WithTimeout(u.ctx, changeTimeout)
	it.cancel, it.timer = cancel, nil
	r := it.request
	c.embeddings.changing.Inc()
	u.done.Go(func() {
		defer c.embeddings.changing.Dec()
		err := c.reembed(ctx, r)
		ended := errors.Is(context.Cause(ctx), context.Canceled)
		cancel()
		if err != nil && !ended {
			u.log.Warn("documents not embedded anew, it is tried again", "tenant", r.keys().Tenant(), "error", err.Error())
		}
		u.attempted(c, it, r.keys(), err != nil)
	})
}

// attempted has another attempt follow one that failed.
func (u *upkeep) attempted(c *Corpus, it *change, keys *seal.Keyring, failed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.changes[keys] != it || u.closed {
		return // ended
	}
	if !failed {
		delete(u.changes, keys)
		return
	}
	pause := min(changeRetry<<min(it.failures, 10), longestChange)
	it.failures++
	it.timer = time.AfterFunc(pause, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.changes[keys] == it && !u.closed {
			u.attempt(c, it)
		}
	})
}
