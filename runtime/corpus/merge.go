package corpus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// merge makes one segment of those that are chosen, without their dead, and lists
// it in their place if nobody else has merged one of them meanwhile. It is no
// change of the tenant's: the same documents are found before and after.
// Errors: errRaced; ErrTooLarge, when nothing of the index is dead.
func (c *Corpus) merge(ctx context.Context, r Request, choose func([]weighed) []member) error {
	err := c.inTurn(ctx, r, func(v *view) error { return c.mergeOf(ctx, r, v, choose(v.weigh())) })
	if errors.Is(err, errUnclean) {
		return c.clean(ctx, r)
	}
	return err
}

// inTurn lends use the newest view once no other merge goes on.
func (c *Corpus) inTurn(ctx context.Context, r Request, use func(*view) error) error {
	return c.alone(ctx, func() error { return c.withNewest(ctx, r, use) })
}

// alone does one of the things of which the whole process does one at a time.
func (c *Corpus) alone(ctx context.Context, do func() error) error {
	if err := c.merges.Acquire(ctx, 1); err != nil {
		return err
	}
	defer c.merges.Release(1)
	return do()
}

// Purge removes from a tenant's segments what is left there of deleted documents, and
// ends the job, unless there is more by then. Errors: store.ErrLost, those of the write
// door and of the keys.
func (c *Corpus) Purge(ctx context.Context, r Request, job store.Job) error {
	if err := c.clean(ctx, r); err != nil {
		return err
	}
	return r.conclude(ctx, func(tx *store.Tx, left manifest) error {
		if len(left.dead) > 0 {
			return tx.Defer(ctx, job, c.purgeAfter, false)
		}
		return tx.Finish(ctx, job)
	})
}

// conclude has end decide what becomes of a job by the manifest that there is, while
// other changes are kept out.
func (r Request) conclude(ctx context.Context, end func(*store.Tx, manifest) error) error {
	return r.admission().Change(ctx, func(tx *store.Tx) error {
		head, err := tx.LockHead(ctx)
		if err != nil {
			return err
		}
		left, err := r.openHead(head)
		if err != nil {
			return err
		}
		return end(tx, left)
	})
}

// clean rewrites the segments that hold dead documents one by one: an index that
// does not fit as a whole may fit afterwards. Between two of them others have their turns.
func (c *Corpus) clean(ctx context.Context, r Request) error {
	head, err := c.head(ctx, r)
	if err != nil {
		return err
	}
	listed, err := openManifest(r.keys(), head)
	if err != nil {
		return err
	}
	for _, m := range listed.segments {
		if err := c.alone(ctx, func() error { return c.cleanOne(ctx, r, newView(), m.lexicon) }); err != nil {
			return err
		}
	}
	return nil
}

// cleanOne rewrites a segment, if it is listed still and holds dead documents, for which
// it is opened in an empty view.
func (c *Corpus) cleanOne(ctx context.Context, r Request, one *view, lexicon pinned) error {
	mark := c.mark(r)
	err := r.admission().Read(ctx, func(rows *store.Rows) error {
		head, err := trusted(ctx, rows, mark)
		if err != nil {
			return err
		}
		if one.manifest, err = openManifest(r.keys(), head); err != nil {
			return err
		}
		one.manifest.segments = slices.DeleteFunc(one.manifest.segments, func(m member) bool { return m.lexicon != lexicon })
		return one.fetch(ctx, rows, r.keys(), &view{})
	})
	c.cache.adopt(one)
	defer c.cache.release(one)
	if err != nil {
		return err
	}
	return c.mergeOf(ctx, r, one, unclean(one.weigh()))
}

// mergeOf merges segments of a view.
func (c *Corpus) mergeOf(ctx context.Context, r Request, v *view, chosen []member) error {
	if chosen = v.alike(chosen); len(chosen) == 0 {
		return nil
	}
	sources, dead := v.sources(chosen)
	merged, err := v.join(r.keys(), chosen, sources)
	if err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	if merged.documents == 0 {
		merged.objects = nil
	}
	return c.edit(ctx, r, func(tx *store.Tx, e *edition) error { return e.replace(tx, chosen, dead, merged.member) }, merged.objects...)
}

// alike are, of chosen segments, those that have vectors of the same spaces. While the
// basis changes, those without vectors of the next one are merged only where there is
// nothing else to merge: they are being worked on.
func (v *view) alike(chosen []member) []member {
	var with, without []member
	for _, m := range chosen {
		if m.next.none() {
			without = append(without, m)
		} else {
			with = append(with, m)
		}
	}
	if len(with) > 1 || len(without) == 0 {
		return with
	}
	return without
}

// join makes one segment of several that are alike. Their vectors stay as they are.
func (v *view) join(keys *seal.Keyring, chosen []member, sources []segment.Source) (sealed, error) {
	encoded, err := segment.Merge(sources)
	if err != nil {
		return sealed{}, err
	}
	defer clear(encoded)
	merged, err := sealSegment(keys, encoded)
	if err != nil {
		return merged, err
	}
	all := manifest{segments: chosen}
	chunks, unseen := all.chunks()
	merged.unseen = float32(unseen * float64(merged.chunks) / float64(max(1, chunks))) // as if what died was like the rest
	err = v.joinVectors(keys, v.basis, chosen, sources, &merged, func(m *member) *pinned { return &m.vectors })
	if err != nil || chosen[0].next.none() {
		return merged, err
	}
	err = v.joinVectors(keys, v.next, chosen, sources, &merged, func(m *member) *pinned { return &m.next })
	return merged, err
}

// joinVectors joins the segments' vectors of a basis, nil for none.
func (v *view) joinVectors(keys *seal.Keyring, of *basis, chosen []member, sources []segment.Source, into *sealed, listed func(*member) *pinned) error {
	if of == nil {
		return nil
	}
	var parts []vector.Source
	for i := range chosen {
		s := sources[i]
		parts = append(parts, vector.Source{
			Rows: v.vectors[*listed(&chosen[i])],
			Keep: func(chunk uint32) bool { return s.Live(s.DocumentOf(chunk)) },
		})
	}
	rows, err := vector.Join(parts)
	if err != nil {
		return err
	}
	defer clear(rows)
	return into.addVectors(keys, of, rows, listed(&into.member))
}

// undying weighs segments as if none of their documents were dead: only who opens them
// knows.
func (m *manifest) undying() (all []weighed) {
	for _, s := range m.segments {
		all = append(all, weighed{member: s})
	}
	return all
}

// weigh counts the dead of each segment.
func (v *view) weigh() []weighed {
	var all []weighed
	for _, m := range v.manifest.segments {
		w := weighed{member: m}
		for _, id := range v.manifest.dead {
			if _, found := v.segments[m.lexicon].Find(id); found {
				w.dead++
			}
		}
		all = append(all, w)
	}
	return all
}

// sources are the chosen segments and the dead among their documents.
func (v *view) sources(chosen []member) (sources []segment.Source, dead []uuid.UUID) {
	for _, m := range chosen {
		s, buried := v.segments[m.lexicon], map[uint32]bool{}
		for _, id := range v.manifest.dead {
			if n, found := s.Find(id); found {
				buried[n] = true
				dead = append(dead, id)
			}
		}
		sources = append(sources, segment.Source{Segment: s, Live: func(n uint32) bool { return !buried[n] }})
	}
	return sources, dead
}

// replace lists a segment, if it has documents, in the place of those that it was made of.
func (e *edition) replace(tx *store.Tx, chosen []member, dead []uuid.UUID, merged member) error {
	var gone []uuid.UUID
	for _, s := range chosen {
		if !slices.Contains(e.manifest.segments, s) {
			return errRaced
		}
		gone = append(gone, s.objects()...)
	}
	e.manifest.remove(chosen, dead)
	if merged.documents > 0 {
		e.manifest.segments = append(e.manifest.segments, merged)
	}
	e.promote(tx)
	tx.RemoveObjects(gone...)
	return nil
}
