package corpus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// reindex makes segments in the tenant's language of all documents, out of their texts:
// of those that are in none, as those of a version that had no segments are, and of
// those whose segments are of another language. Those of before are searched until then.
// Errors: errRaced, when that is done already; ErrTooLarge.
func (c *Corpus) reindex(ctx context.Context, r Request) error {
	if err := c.drafts.Acquire(ctx, 1); err != nil {
		return err
	}
	defer c.drafts.Release(1)
	head, err := c.head(ctx, r)
	if err != nil {
		return err
	}
	if err := r.outdated(head); err != nil {
		return err
	}
	d := newDraft(r, head)
	defer d.close()
	if head.Manifest != nil { // else not even a deletion is possible before this
		d.limit = c.cache.share
	}
	if err := c.begin(ctx, d); err != nil {
		return fmt.Errorf("reindex: %w", err)
	}
	if err := d.follow(ctx); err != nil {
		return fmt.Errorf("reindex: %w", err)
	}
	return patiently(func() error { return c.publish(ctx, r, d) })
}

// outdated fails with errRaced unless a head's documents are to be indexed anew.
func (r Request) outdated(head store.Head) error {
	listed, err := r.openHead(head)
	switch {
	case errors.Is(err, errUnindexed):
		return nil
	case err == nil && !listed.foreign(r.Tenant.Language):
		return errRaced
	}
	return err
}

const (
	// Documents are read in batches, bounded in number and in plain bytes.
	readDocuments = 256
	readBytes     = 8 << 20
	// turnBytes bounds those that are read while changes wait, or one that is larger.
	turnBytes = 1 << 20
	// turnTimeout is how long it may take to index such a one.
	turnTimeout = time.Minute
)

// begin reads the documents that were there at the start. Nobody waits for that.
func (c *Corpus) begin(ctx context.Context, d *draft) error {
	for more := true; more && d.at.Generation < d.head.Generation; {
		var some changed
		err := d.request.admission().Read(ctx, func(rows *store.Rows) (err error) {
			some, err = d.read(ctx, rows, readBytes)
			return err
		})
		if err != nil {
			return err
		}
		if err := c.add(ctx, d, some); err != nil {
			return err
		}
		if err := d.merge(); err != nil {
			return err
		}
		more = some.more
	}
	return nil
}

// add indexes some documents once there is memory for it.
func (c *Corpus) add(ctx context.Context, d *draft, some changed) error {
	leave, err := c.room.wait(ctx, d.request.keys(), demandOf(some.bytes()))
	if err != nil {
		return err
	}
	defer leave()
	return d.add(ctx, some)
}

// follow reads what has changed since, in turns with those who change documents: however
// fast these are, there is an end.
func (d *draft) follow(ctx context.Context) error {
	for more := true; more; {
		err := patiently(func() error {
			return d.request.admission().Change(ctx, func(tx *store.Tx) (err error) {
				if _, err = tx.LockHead(ctx); err == nil {
					more, err = d.turn(ctx, tx)
				}
				return err
			})
		})
		if err != nil {
			return err
		}
		if err := d.merge(); err != nil {
			return err
		}
	}
	return nil
}

// patiently repeats what too many others wanted to do at the same time.
func patiently(try func() error) (err error) {
	for range attempts {
		if err = try(); !errors.Is(err, store.ErrBusy) {
			return err
		}
	}
	return err
}

// turn reads some of what has changed, while the head is locked.
func (d *draft) turn(ctx context.Context, tx *store.Tx) (more bool, err error) {
	tx.Linger(turnTimeout)
	some, err := d.read(ctx, &tx.Rows, turnBytes)
	if err != nil {
		return false, err
	}
	return some.more, d.add(ctx, some)
}

// publish puts a draft in the place of the index. What there is of it is stored before
// other changes have to wait. Errors: errRaced.
func (c *Corpus) publish(ctx context.Context, r Request, d *draft) error {
	stored := map[pinned]bool{}
	before := func(tx *store.Tx) { d.store(tx, stored) }
	open := func(now store.Head) (manifest, error) {
		if now.Incarnation != d.head.Incarnation {
			return manifest{}, errRaced
		}
		return manifest{}, r.outdated(now)
	}
	return c.advance(ctx, r, before, open, func(tx *store.Tx, e *edition) error {
		for more := true; more; {
			var err error
			if more, err = d.turn(ctx, tx); err != nil {
				return err
			}
		}
		d.store(tx, stored)
		made := d.view.manifest
		e.manifest.language, e.manifest.segments, e.manifest.dead = made.language, made.segments, made.dead
		tx.RemoveOthers([]string{seal.Lexicon.String(), seal.Vectors.String()}, made.lexicons())
		return nil
	})
}
