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
	// draftTimeout bounds one attempt at reading all of a tenant's documents anew.
	draftTimeout = time.Hour
	// upkeepTimeout, of merges and a refit, is far longer than a million chunks take: what
	// is cut off begins anew.
	upkeepTimeout = 30 * time.Minute
	closeTimeout  = 5 * time.Second
)

// upkeep merges segments and fits bases in the background, one tenant's at most once at a
// time. What a process leaves undone when it ends the next one finds: the manifest tells all
// there is to do.
type upkeep struct {
	log    *slog.Logger
	ctx    context.Context //nolint:containedctx // of the process; ends all merges
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	running map[*seal.Keyring]bool
}

func newUpkeep(log *slog.Logger) *upkeep {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:gosec // close cancels it
	return &upkeep{log: log, ctx: ctx, cancel: cancel, running: map[*seal.Keyring]bool{}}
}

// after looks, once a tenant's index has changed or was loaded, for what is due.
func (u *upkeep) after(c *Corpus, r Request) {
	c.withCached(r, func(v *view) { // or else whoever loads it comes here
		if len(v.manifest.segments) >= tierSegments || len(v.manifest.dead) > 0 || v.misfit(r) || v.manifest.foreign(r.Tenant.Language) {
			u.start(c, r, due)
		}
	})
}

// changed looks for what is due by the manifest of whoever changed the index. The view in
// memory may be far behind: a write does not load it.
func (u *upkeep) changed(c *Corpus, r Request, m *manifest) {
	if len(due(m.undying())) > 0 {
		u.start(c, r, due)
	}
}

// tend merges the chosen segments, or makes them anew when they are of another
// language, and gives the index the basis that it needs then.
func (c *Corpus) tend(ctx context.Context, r Request, choose func([]weighed) []member) error {
	foreign, misfit := false, false
	c.withCached(r, func(v *view) { foreign = v.manifest.foreign(r.Tenant.Language) })
	if foreign {
		drafting, cancel := context.WithTimeout(ctx, draftTimeout)
		defer cancel()
		if err := c.reindex(drafting, r); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, upkeepTimeout)
	defer cancel()
	if err := c.merge(ctx, r, choose); err != nil {
		return err
	}
	c.withCached(r, func(v *view) { misfit = v.misfit(r) })
	if !misfit {
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
		err := c.tend(u.ctx, r, choose)
		u.mu.Lock()
		delete(u.running, r.keys())
		u.mu.Unlock()
		if err != nil && !errors.Is(err, errRaced) && !errors.Is(err, ErrTooLarge) && u.ctx.Err() == nil { // who asks is told
			u.log.Warn("index not tended", "tenant", r.keys().Tenant(), "error", err.Error())
		}
	})
}

// close lets the merges end that run, for a short time, and begins none.
func (u *upkeep) close() {
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	defer time.AfterFunc(closeTimeout, u.cancel).Stop()
	u.done.Wait()
}
