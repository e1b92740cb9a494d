package corpus

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// view is a tenant's index as of a stamp. It does not change; the zero view is
// older than any other.
type view struct {
	stamp    store.Stamp
	manifest manifest
	basis    *basis
	next     *basis // none most of the time
	segments map[pinned]*segment.Segment
	vectors  map[pinned]*vector.Rows // of both
	index    *engine.Index

	restricted restrictions
}

func newView(as store.Stamp) *view {
	return &view{stamp: as, segments: map[pinned]*segment.Segment{}, vectors: map[pinned]*vector.Rows{}}
}

// covers reports whether v is at least as new as the stamp.
func (v *view) covers(s store.Stamp) bool {
	return v.index != nil && (v.stamp.Incarnation > s.Incarnation ||
		v.stamp.Incarnation == s.Incarnation && v.stamp.Generation >= s.Generation)
}

// bytes is the memory that the view takes.
func (v *view) bytes() int64 {
	sum := v.manifest.segmentBytes()
	for _, b := range []*basis{v.basis, v.next} {
		if b != nil {
			sum += b.Bytes()
		}
	}
	return sum
}

const loadTimeout = 60 * time.Second

// view returns the tenant's view, at least as new as the access began. Of the
// requests that need a newer one than is cached, one loads the difference.
func (c *Corpus) view(ctx context.Context, r Request) (*view, error) {
	want := r.admission().Stamp()
	for {
		if v := c.cache.get(r.keys()); v.covers(want) {
			if v.manifest.foreign(r.Tenant.Language) || v.behind(r) {
				c.upkeep.after(c, r)
			}
			return v, r.keys().Check()
		}
		// A load that began before this access may end short of it: ask again then.
		v, err := c.cache.loads.Do(ctx, r.keys(), loadTimeout, func(shared context.Context) (*view, error) { return c.load(shared, r) })
		if err != nil {
			return nil, err
		}
		if v.covers(want) {
			return v, r.keys().Check()
		}
	}
}

// ErrTooLarge: the tenant's documents do not fit its share of the memory of search
// indexes.
var ErrTooLarge = errors.New("the documents are too large to be searched")

// load brings the cached view up to the newest committed generation.
func (c *Corpus) load(ctx context.Context, r Request) (*view, error) {
	release, err := c.makeRoom(ctx, r)
	if err != nil {
		return nil, err
	}
	defer release()
	v, mark := c.cache.get(r.keys()), c.mark(r)
	err = r.admission().Read(ctx, func(rows *store.Rows) error {
		v, err = c.follow(ctx, r, rows, v, mark)
		return err
	})
	if err != nil {
		return nil, err
	}
	release() // the view takes its place
	c.cache.put(r.keys(), v)
	c.upkeep.after(c, r)
	if err := r.keys().Check(); err != nil { // dropped meanwhile: nobody will evict the view after this
		c.cache.drop(r.keys())
		return nil, err
	}
	return v, nil
}

// makeRoom reserves what a whole view will take, before a connection is held for
// it. One that is there grows in place, as long as all of it fits.
func (c *Corpus) makeRoom(ctx context.Context, r Request) (release func(), err error) {
	head, err := c.head(ctx, r)
	if err != nil {
		return nil, err
	}
	if head.Manifest == nil && head.Docs > 0 {
		if err := c.reindex(ctx, r); err != nil && !errors.Is(err, errRaced) {
			return nil, err
		}
		return c.makeRoom(ctx, r)
	}
	m, err := openManifest(r.keys(), head)
	switch {
	case err != nil:
		return nil, err
	case m.bytes() > c.cache.share:
		c.cache.drop(r.keys())
		if len(m.dead) > 0 {
			c.upkeep.start(c, r, unclean)
		}
		return nil, ErrTooLarge
	case c.cache.get(r.keys()).index != nil:
		return func() {}, nil
	}
	return c.cache.reserve(ctx, m.bytes())
}

// head reads the tenant's head as it is now. Errors: anchor.ErrRolledBack.
func (c *Corpus) head(ctx context.Context, r Request) (head store.Head, err error) {
	mark := c.mark(r)
	err = r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		head, err = trusted(ctx, rows, mark)
		return err
	})
	return head, err
}

// follow returns the view of the snapshot, with what there is already. Errors:
// anchor.ErrRolledBack.
func (c *Corpus) follow(ctx context.Context, r Request, rows *store.Rows, there *view, mark anchor.Mark) (*view, error) {
	head, err := trusted(ctx, rows, mark)
	if err != nil {
		return nil, err
	}
	next := newView(head.Stamp())
	if next.manifest, err = openManifest(r.keys(), head); err != nil {
		return nil, err
	}
	if err := next.fetch(ctx, rows, r.keys(), there); err != nil {
		return nil, err
	}
	c.anchors.Note(r.keys().Tenant(), anchored(head))
	var parts []engine.Part
	for _, m := range next.manifest.segments {
		parts = append(parts, engine.Part{Segment: next.segments[m.lexicon], Vectors: next.vectors[m.vectors], Dead: next.manifest.dead})
	}
	next.index = engine.NewIndex(next.manifest.language, parts)
	return next, nil
}

// batchBytes of segments are fetched at a time, or one that is larger.
const batchBytes = 8 << 20

// fetch opens what the manifest lists and another view has not.
func (v *view) fetch(ctx context.Context, rows *store.Rows, keys *seal.Keyring, there *view) (err error) {
	if v.basis, err = fetchBasis(ctx, rows, keys, v.manifest.basis, there.basis, there.next); err != nil {
		return err
	}
	if v.next, err = fetchBasis(ctx, rows, keys, v.manifest.next, there.basis, there.next); err != nil {
		return err
	}
	var missing []member
	for _, m := range v.manifest.segments {
		if s, there := there.segments[m.lexicon]; there {
			v.segments[m.lexicon] = s
		}
		for _, listed := range []pinned{m.vectors, m.next} {
			if rows, there := there.vectors[listed]; there {
				v.vectors[listed] = rows
			}
		}
		if len(v.lacks(m)) > 0 {
			missing = append(missing, m)
		}
	}
	return v.fetchMissing(ctx, rows, keys, missing)
}

// fetchMissing opens a batch while the next one is on its way.
func (v *view) fetchMissing(ctx context.Context, rows *store.Rows, keys *seal.Keyring, missing []member) error {
	var batches []batch
	for len(missing) > 0 {
		n := prefix(missing)
		batches, missing = append(batches, v.batch(missing[:n])), missing[n:]
	}
	opened := make(chan error, 1)
	opened <- nil
	for _, b := range batches {
		blocks, err := rows.Objects(ctx, b.objects)
		if before := <-opened; before != nil || err != nil {
			return cmp.Or(before, err)
		}
		go func() { opened <- v.open(keys, b, blocks) }()
	}
	return <-opened
}

// lacks are the objects of a segment that are not open.
func (v *view) lacks(m member) (objects []uuid.UUID) {
	if v.segments[m.lexicon] == nil {
		objects = objectsOf(m.lexicon)
	}
	for _, listed := range []pinned{m.vectors, m.next} {
		if v.vectors[listed] == nil {
			objects = append(objects, objectsOf(listed)...)
		}
	}
	return objects
}

// prefix is how many segments fit a batch, at least one.
func prefix(segments []member) int {
	sum := segments[0].bytes()
	for n := 1; n < len(segments); n++ {
		if sum += segments[n].bytes(); sum > batchBytes {
			return n
		}
	}
	return len(segments)
}

// batch is segments of which parts are not there yet, and the objects that hold those.
type batch struct {
	segments []member
	objects  []uuid.UUID
}

func (v *view) batch(segments []member) batch {
	b := batch{segments: segments}
	for _, m := range segments {
		b.objects = append(b.objects, v.lacks(m)...)
	}
	return b
}

func (v *view) open(keys *seal.Keyring, b batch, blocks map[store.BlockRef][]byte) (err error) {
	for _, m := range b.segments {
		if v.segments[m.lexicon] == nil {
			if v.segments[m.lexicon], err = openSegment(keys, m, blocks); err != nil {
				return err
			}
		}
		for _, of := range []struct {
			listed pinned
			basis  *basis
		}{{m.vectors, v.basis}, {m.next, v.next}} {
			if of.listed.none() || v.vectors[of.listed] != nil {
				continue
			}
			if v.vectors[of.listed], err = openVectors(keys, of.listed, m.chunks, of.basis, blocks); err != nil {
				return err
			}
		}
	}
	return nil
}
