package corpus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// view is a tenant's index as of a stamp. It does not change; the zero view is
// older than any other. Only who holds one may use it, and whatever is of its segments
// and vectors: their bytes are zeroed afterwards.
type view struct {
	stamp    store.Stamp
	manifest manifest
	bases
	segments map[pinned]*segment.Segment
	vectors  map[pinned]*vector.Rows // of both bases
	index    *engine.Index

	restricted restrictions

	memory  map[pinned]*memory // of all of these
	holders int                // the cache counts them
}

func newView() *view {
	return &view{segments: map[pinned]*segment.Segment{}, vectors: map[pinned]*vector.Rows{}, memory: map[pinned]*memory{}}
}

// covers reports whether v is at least as new as the stamp.
func (v *view) covers(s store.Stamp) bool {
	return v.index != nil && (v.stamp.Incarnation > s.Incarnation ||
		v.stamp.Incarnation == s.Incarnation && v.stamp.Generation >= s.Generation)
}

const loadTimeout = 60 * time.Second

// withView lends use the tenant's view, at least as new as the access began. Nothing of
// the view's segments and vectors may be kept.
func (c *Corpus) withView(ctx context.Context, r Request, use func(*view) error) error {
	v, err := c.hold(ctx, r)
	if err != nil {
		return err
	}
	defer c.cache.release(v)
	if err := r.keys().Check(); err != nil {
		return err
	}
	return use(v)
}

// withNewest is withView for who needs the newest committed generation.
func (c *Corpus) withNewest(ctx context.Context, r Request, use func(*view) error) error {
	v, err := c.load(ctx, r)
	if err != nil {
		return err
	}
	defer c.cache.release(v)
	return use(v)
}

// withCached lends use the view that is in memory, however old, if there is one.
func (c *Corpus) withCached(r Request, use func(*view)) {
	v := c.cache.hold(r.keys())
	defer c.cache.release(v)
	if v.index != nil {
		use(v)
	}
}

// hold returns what withView lends. Of the requests that need a newer view than is
// cached, one loads the difference.
func (c *Corpus) hold(ctx context.Context, r Request) (*view, error) {
	want := r.admission().Stamp()
	for {
		v := c.cache.hold(r.keys())
		if v.covers(want) {
			if v.manifest.foreign(r.Tenant.Language) || v.misfit(r) {
				c.upkeep.after(c, r)
			}
			return v, nil
		}
		c.cache.release(v)
		load := c.cache.join(r.keys(), func() (*view, error) {
			shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
			defer cancel()
			return c.load(shared, r)
		})
		v, err := load.wait(ctx)
		if err != nil || v.covers(want) {
			return v, err
		}
		c.cache.release(v) // it began before this access, and ends short of it
	}
}

// ErrTooLarge: the tenant's documents do not fit its share of the memory of search
// indexes.
var ErrTooLarge = errors.New("the documents are too large to be searched")

// errUnclean is ErrTooLarge of documents some of which are deleted.
var errUnclean = fmt.Errorf("%w until what is deleted of them is cleaned away", ErrTooLarge)

// load brings the cached view up to the newest committed generation, and returns it, held.
func (c *Corpus) load(ctx context.Context, r Request) (*view, error) {
	release, err := c.makeRoom(ctx, r)
	if err != nil {
		return nil, err
	}
	defer release()
	v, err := c.newer(ctx, r)
	if err != nil {
		return nil, err
	}
	release() // the view takes its place
	c.cache.put(r.keys(), v)
	c.upkeep.after(c, r)
	if err := r.keys().Check(); err != nil { // dropped meanwhile: nobody will evict the view after this
		c.cache.drop(r.keys())
		c.cache.release(v)
		return nil, err
	}
	return v, nil
}

// newer returns the view of a snapshot, held.
func (c *Corpus) newer(ctx context.Context, r Request) (*view, error) {
	there, mark := c.cache.hold(r.keys()), c.mark(r)
	defer c.cache.release(there)
	v := newView()
	err := r.admission().Read(ctx, func(rows *store.Rows) error { return c.follow(ctx, r, rows, v, there, mark) })
	c.cache.adopt(v)
	if err != nil {
		c.cache.release(v)
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
			return nil, errUnclean
		}
		return nil, ErrTooLarge
	case c.cache.has(r.keys()):
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

// follow makes v the view of the snapshot, with what there is already. Errors:
// anchor.ErrRolledBack.
func (c *Corpus) follow(ctx context.Context, r Request, rows *store.Rows, v, there *view, mark anchor.Mark) error {
	head, err := trusted(ctx, rows, mark)
	if err != nil {
		return err
	}
	v.stamp = head.Stamp()
	if v.manifest, err = openManifest(r.keys(), head); err != nil {
		return err
	}
	if err := v.fetch(ctx, rows, r.keys(), there); err != nil {
		return err
	}
	c.anchors.Note(r.keys().Tenant(), anchored(head))
	var parts []engine.Part
	for _, m := range v.manifest.segments {
		parts = append(parts, engine.Part{Segment: v.segments[m.lexicon], Vectors: v.vectors[m.vectors], Dead: v.manifest.dead})
	}
	v.index = engine.NewIndex(v.manifest.language, parts)
	return nil
}

// fetch opens what the manifest lists and another view has not.
func (v *view) fetch(ctx context.Context, rows *store.Rows, keys *seal.Keyring, there *view) error {
	v.share(there)
	return fetchParts(ctx, rows, keys, v.missing())
}

// share takes over what another view has of what the manifest lists. The bases count
// once, however many views have them.
func (v *view) share(there *view) {
	v.basis, v.next = there.listed(v.manifest.basis), there.listed(v.manifest.next)
	for _, b := range []*basis{v.basis, v.next} {
		if b != nil {
			v.memory[b.pinned] = there.memory[b.pinned]
		}
	}
	for _, m := range v.manifest.segments {
		if s, open := there.segments[m.lexicon]; open {
			v.segments[m.lexicon], v.memory[m.lexicon] = s, there.memory[m.lexicon]
		}
		for _, listed := range []pinned{m.vectors, m.next} {
			if rows, open := there.vectors[listed]; open {
				v.vectors[listed], v.memory[listed] = rows, there.memory[listed]
			}
		}
	}
}

// missing are the parts that are not open: bases first, which their vectors are opened
// with.
func (v *view) missing() (parts []part) {
	for _, b := range []struct {
		listed pinned
		into   **basis
	}{{v.manifest.basis, &v.basis}, {v.manifest.next, &v.next}} {
		if !b.listed.none() && *b.into == nil {
			parts = append(parts, part{b.listed, seal.Vectors, func(plain []byte) error { return v.openBasis(b.listed, b.into, plain) }})
		}
	}
	for _, m := range v.manifest.segments {
		if v.segments[m.lexicon] == nil {
			parts = append(parts, part{m.lexicon, seal.Lexicon, func(plain []byte) error { return v.openSegment(m, plain) }})
		}
		for _, of := range []struct {
			listed pinned
			basis  **basis
		}{{m.vectors, &v.basis}, {m.next, &v.next}} {
			if !of.listed.none() && v.vectors[of.listed] == nil {
				parts = append(parts, part{of.listed, seal.Vectors, func(plain []byte) error { return v.openVectors(m, of.listed, *of.basis, plain) }})
			}
		}
	}
	return parts
}

func (v *view) openBasis(listed pinned, into **basis, plain []byte) error {
	b, err := openBasis(listed, plain)
	if err != nil {
		return err
	}
	*into, v.memory[listed] = b, &memory{bytes: b.Bytes()}
	return nil
}

func (v *view) openSegment(m member, plain []byte) error {
	s, memory, err := openSegment(m, plain)
	if err != nil {
		return err
	}
	v.segments[m.lexicon], v.memory[m.lexicon] = s, memory
	return nil
}

func (v *view) openVectors(m member, listed pinned, of *basis, plain []byte) error {
	rows, memory, err := openVectors(m.chunks, of, plain)
	if err != nil {
		return err
	}
	v.vectors[listed], v.memory[listed] = rows, memory
	return nil
}
