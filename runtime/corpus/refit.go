package corpus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// refit gives the index a basis that fits what it holds now, and every segment
// vectors of it. Until all have them the old ones are searched, and documents come
// and go; those that came meanwhile get vectors before all change over at once.
func (c *Corpus) refit(ctx context.Context, r Request) error {
	var from pins
	var fitted *fitting
	err := c.inTurn(ctx, r, func(v *view) (err error) {
		from = v.manifest.pins()
		fitted, err = v.fit(r.keys())
		return err
	})
	if err != nil {
		return fmt.Errorf("refit: %w", err)
	}
	if fitted.basis == nil && from == (pins{}) {
		return nil
	}
	err = errRaced
	for n := 0; n < attempts && errors.Is(err, errRaced); n++ {
		err = c.changeTo(ctx, r, from, fitted)
	}
	return err
}

// changeTo makes the vectors that are still to be made and has the index change over.
// Errors: errRaced, when too many documents came meanwhile.
func (c *Corpus) changeTo(ctx context.Context, r Request, from pins, fitted *fitting) error {
	err := c.withNewest(ctx, r, func(v *view) error { return c.embedAll(ctx, r, v, fitted) })
	if err != nil {
		return fmt.Errorf("refit: %w", err)
	}
	overtaken := false // by another replica
	err = c.withNewest(ctx, r, func(v *view) error {
		if overtaken = v.manifest.pins() != from; overtaken {
			return nil
		}
		if _, chunks := fitted.late(v.manifest.segments); chunks > lateChunks {
			return errRaced
		}
		return nil
	})
	if overtaken || err != nil {
		return err
	}
	return c.edit(ctx, r, func(tx *store.Tx, e *edition) error { return e.changeOver(ctx, tx, r.keys(), from, fitted) }, fitted.objects()...)
}

// embedAll makes the vectors of a view's segments. Other tenants have their turns
// between, since all of a large index take long.
func (c *Corpus) embedAll(ctx context.Context, r Request, v *view, f *fitting) error {
	for _, m := range v.manifest.segments {
		if err := c.alone(ctx, func() error { return f.embed(m, v.segments[m.lexicon], r.keys()) }); err != nil {
			return err
		}
	}
	return nil
}

// misfit reports whether the index of a tenant without a model should get another
// basis, lose the one it has, or get its first.
func (v *view) misfit(r Request) bool {
	_, chunks := v.index.Len()
	fitted := v.basis.fitted()
	switch {
	case r.Tenant.Models.Embedder != nil:
		return false
	case v.next != nil, v.basis != nil && fitted == nil: // of a model that the tenant had
		return true
	case v.basis == nil:
		return chunks >= lsa.MinChunks
	}
	all, unseen := v.manifest.chunks()
	return fitted.Stale(chunks, unseen/float64(max(1, all)))
}

// fitting is a basis in the making.
type fitting struct {
	basis   *basis // nil when there is too little to fit one on
	object  seal.Object
	vectors map[pinned]sealed // by the segment whose they are
}

func (v *view) fit(keys *seal.Keyring) (*fitting, error) {
	var seed lsa.Seed
	_, _ = rand.Read(seed[:]) // never fails
	f := &fitting{vectors: map[pinned]sealed{}}
	fitted, err := v.index.Fit(seed)
	if errors.Is(err, lsa.ErrTooFew) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f.basis = &basis{space: fitted}
	encoded := fitted.Encode()
	defer clear(encoded)
	f.object, f.basis.pinned, err = sealPinned(keys, seal.Vectors, encoded)
	return f, err
}

// embed makes the vectors of a segment, unless it has some of the new basis.
func (f *fitting) embed(m member, s *segment.Segment, keys *seal.Keyring) error {
	if _, made := f.vectors[m.lexicon]; made || f.basis == nil {
		return nil
	}
	rows, unseen, err := engine.Embed(s, f.basis.fitted())
	if err != nil {
		return err
	}
	var made sealed
	made.unseen = float32(unseen)
	err = made.addVectors(keys, f.basis, rows, &made.vectors)
	clear(rows)
	if err != nil {
		return err
	}
	f.vectors[m.lexicon] = made
	return nil
}

// objects are the basis and all vectors.
func (f *fitting) objects() (objects []seal.Object) {
	if f.basis != nil {
		objects = append(objects, f.object)
	}
	for _, made := range f.vectors {
		objects = append(objects, made.objects...)
	}
	return objects
}

// lateChunks is how many chunks at most get vectors while others wait: those of the
// segments that came when the vectors of all others were stored.
const lateChunks = 8 << 10

// late are the segments of those listed that have no vectors of the new basis, and how
// many chunks.
func (f *fitting) late(listed []member) (segments []member, chunks int) {
	for _, m := range listed {
		if _, made := f.vectors[m.lexicon]; !made && f.basis != nil {
			segments, chunks = append(segments, m), chunks+int(m.chunks)
		}
	}
	return segments, chunks
}

// embedLate makes vectors of the segments that have none, unless they are too many, and
// stores them. Errors: errRaced.
func (f *fitting) embedLate(ctx context.Context, tx *store.Tx, keys *seal.Keyring, listed []member) error {
	late, chunks := f.late(listed)
	if chunks > lateChunks {
		return errRaced
	}
	var parts []part
	for _, m := range late {
		parts = append(parts, part{m.lexicon, seal.Lexicon, func(plain []byte) error { return f.embedSealed(m, plain, keys) }})
	}
	if err := fetchParts(ctx, &tx.Rows, keys, parts); err != nil {
		return err
	}
	for _, m := range late {
		addObjects(tx, f.vectors[m.lexicon].objects...)
	}
	return nil
}

// embedSealed makes the vectors of a segment out of what is sealed of it.
func (f *fitting) embedSealed(m member, plain []byte, keys *seal.Keyring) error {
	s, memory, err := openSegment(m, plain)
	if err != nil {
		return err
	}
	defer memory.zero()
	return f.embed(m, s, keys)
}

// changeOver lists a new basis and its vectors, which are stored, in the place of the old
// ones. Errors: errRaced, when too many segments have none of the new vectors or the basis
// is not the one that was to be replaced.
func (e *edition) changeOver(ctx context.Context, tx *store.Tx, keys *seal.Keyring, from pins, f *fitting) error {
	if e.manifest.pins() != from {
		return errRaced
	}
	old := e.manifest
	if err := f.embedLate(ctx, tx, keys, old.segments); err != nil {
		return err
	}
	e.manifest.basis, e.manifest.next, e.manifest.segments = f.basis.pin(), pinned{}, nil
	unlisted := maps.Clone(f.vectors)
	for _, s := range old.segments {
		made := f.vectors[s.lexicon]
		delete(unlisted, s.lexicon)
		s.vectors, s.next, s.unseen = made.vectors, pinned{}, made.unseen
		e.manifest.segments = append(e.manifest.segments, s)
	}
	gone := append(old.embedding(), old.nextEmbedding()...)
	for _, made := range unlisted {
		gone = append(gone, made.vectors.object)
	}
	tx.RemoveObjects(gone...)
	return nil
}
