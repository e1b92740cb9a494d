package corpus

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

const (
	// upkeepTimeout is far longer than a million chunks take: what is cut off begins anew.
	upkeepTimeout = 30 * time.Minute
	closeTimeout  = 5 * time.Second
)

// upkeep merges segments, fits bases and embeds anew in the background, one tenant's at most once
// at a time. What a process leaves undone when it ends the next one finds: the manifest tells
// all there is to do.
type upkeep struct {
	log    *slog.Logger
	ctx    context.Context //nolint:containedctx // of the process; ends all merges
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	running map[*seal.Keyring]bool
	changes map[*seal.Keyring]*change
}

func newUpkeep(log *slog.Logger) *upkeep {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:gosec // close cancels it
	return &upkeep{log: log, ctx: ctx, cancel: cancel, running: map[*seal.Keyring]bool{}, changes: map[*seal.Keyring]*change{}}
}

// after looks, once a tenant's index has changed or was loaded, for what is due.
func (u *upkeep) after(c *Corpus, r Request) {
	v := c.cache.get(r.keys())
	if v.index == nil {
		return // whoever loads it comes here
	}
	if v.lacksModel(r) {
		u.reembed(c, r)
	}
	if len(v.manifest.segments) >= tierSegments || len(v.manifest.dead) > 0 || v.misfit(r) || v.manifest.foreign(r.Tenant.Language) {
		u.start(c, r, due)
	}
}

// tend merges the chosen segments, or makes them anew when they are of another
// language, and gives the index the basis that it needs then.
func (c *Corpus) tend(ctx context.Context, r Request, choose func([]weighed) []member) error {
	if v := c.cache.get(r.keys()); v.manifest.foreign(r.Tenant.Language) {
		if err := c.reindex(ctx, r); err != nil {
			return err
		}
	}
	if err := c.merge(ctx, r, choose); err != nil {
		return err
	}
	if v := c.cache.get(r.keys()); v.index == nil || !v.misfit(r) {
		return nil
	}
	return c.refit(ctx, r)
}

// start tends an index in the background, unless it is being tended.
func (u *upkeep) start(c *Corpus, r Request, choose func([]weighed) []member) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.running[r.keys()] || u.closed {
		return
	}
	u.running[r.keys()] = true
	u.done.Go(func() {
		ctx, cancel := context.WithTimeout(u.ctx, upkeepTimeout)
		defer cancel()
		err := c.tend(ctx, r, choose)
		u.mu.Lock()
		delete(u.running, r.keys())
		u.mu.Unlock()
		if err != nil && !errors.Is(err, errRaced) && u.ctx.Err() == nil {
			u.log.Warn("index not tended", "tenant", r.keys().Tenant(), "error", err.Error())
		}
	})
}

// forget ends what goes on for a tenant whose keys are gone.
func (u *upkeep) forget(keys *seal.Keyring) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if it := u.changes[keys]; it != nil {
		it.end()
		delete(u.changes, keys)
	}
}

// close lets the merges end that run, for a short time, and begins none.
func (u *upkeep) close() {
	u.mu.Lock()
	u.closed = true
	for _, it := range u.changes {
		it.end()
	}
	u.mu.Unlock()
	defer time.AfterFunc(closeTimeout, u.cancel).Stop()
	u.done.Wait()
}
