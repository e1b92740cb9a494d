package corpus

import (
	"context"
	"crypto/sha256"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// edition is the next generation of a tenant's index, while it is made.
type edition struct {
	head     store.Head // its generation is the next one's already
	manifest manifest
}

// edit makes the next generation of a tenant's index: it keeps other changes out,
// lets change edit the manifest and all that goes with it, and saves both. Objects are
// stored first, before others are kept out, since large ones take long. Errors:
// anchor.ErrRolledBack, errUnindexed, those of change and of the write door.
func (c *Corpus) edit(ctx context.Context, r Request, change func(*store.Tx, *edition) error, objects ...seal.Object) error {
	return c.advance(ctx, r, func(tx *store.Tx) { addObjects(tx, objects...) }, r.openHead, change)
}

// advance is edit for who says what is done before other changes are kept out, and what
// manifest a head has.
func (c *Corpus) advance(ctx context.Context, r Request, before func(*store.Tx), open func(store.Head) (manifest, error), change func(*store.Tx, *edition) error) error {
	var e edition
	mark := c.mark(r)
	err := r.admission().Change(ctx, func(tx *store.Tx) (err error) {
		before(tx)
		if e.head, err = tx.LockHead(ctx); err != nil {
			return err
		}
		if err := mark.Check(anchored(e.head)); err != nil {
			return err
		}
		if e.manifest, err = open(e.head); err != nil {
			return err
		}
		e.manifest.previous = sha256.Sum256(e.head.Manifest)
		e.head.Generation++
		dead := len(e.manifest.dead)
		if err := change(tx, &e); err != nil {
			return err
		}
		c.queue(r, tx, &e.manifest, dead)
		if err := e.manifest.sealInto(r.keys(), &e.head); err != nil {
			return err
		}
		tx.SaveHead(e.head)
		return nil
	})
	if err != nil {
		return err
	}
	c.anchors.Note(r.keys().Tenant(), anchored(e.head))
	c.upkeep.changed(c, r, &e.manifest)
	return nil
}

// queue adds the jobs that a change leaves to be done; so many were dead before it.
func (c *Corpus) queue(r Request, tx *store.Tx, after *manifest, dead int) {
	if len(after.dead) > dead {
		tx.AddPurge(c.purgeAfter)
	}
	if r.Tenant.Models.Embedder.Usable() && after.unembedded() {
		tx.AddEmbed()
	}
}

// mark is what a head that is read from now on may not be older than.
func (c *Corpus) mark(r Request) anchor.Mark {
	return c.anchors.Mark(r.keys().Tenant(), r.Tenant.Incarnation)
}

// trusted reads the head of a snapshot that is newer than the mark. Errors:
// anchor.ErrRolledBack.
func trusted(ctx context.Context, rows *store.Rows, mark anchor.Mark) (store.Head, error) {
	head, err := rows.Head(ctx)
	if err == nil {
		err = mark.Check(anchored(head))
	}
	return head, err
}

func anchored(head store.Head) anchor.Head {
	return anchor.Head{Incarnation: head.Incarnation, Generation: head.Generation, Manifest: sha256.Sum256(head.Manifest)}
}
