package corpus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// refit gives the index a basis that fits what it holds now, and every segment
// vectors of it. Until all have them the old ones are searched, and documents come
// and go; those that came meanwhile get vectors before all change over at once.
func (c *Corpus) refit(ctx context.Context, r Request) error {
	v, err := c.load(ctx, r)
	if err != nil {
		return err
	}
	if err := c.merges.Acquire(ctx, 1); err != nil {
		return err
	}
	defer c.merges.Release(1)
	fitted, err := v.fit(r.keys())
	if err != nil {
		return fmt.Errorf("refit: %w", err)
	}
	from := v.manifest.basis
	if fitted.basis == nil && from.none() {
		return nil
	}
	for range attempts {
		if err := fitted.embed(v, r.keys()); err != nil {
			return fmt.Errorf("refit: %w", err)
		}
		err := r.admission().Change(ctx, func(tx *store.Tx) error { return r.changeOver(ctx, tx, from, fitted) })
		if !errors.Is(err, errRaced) {
			return err
		}
		if v, err = c.load(ctx, r); err != nil {
			return err
		}
		if v.manifest.basis != from {
			return nil // another replica was faster
		}
	}
	return errRaced
}

// misfit reports whether the index should get another basis, lose the one it has,
// or get its first.
func (v *view) misfit() bool {
	_, chunks := v.index.Len()
	if v.basis == nil {
		return chunks >= lsa.MinChunks
	}
	all, unseen := v.manifest.chunks()
	return v.basis.Stale(chunks, unseen/float64(max(1, all)))
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
	f.basis = &basis{Basis: fitted}
	f.object, f.basis.pinned, err = sealPinned(keys, seal.Vectors, fitted.Encode())
	return f, err
}

// embed makes the vectors of a view's segments that have none of the new basis yet.
func (f *fitting) embed(v *view, keys *seal.Keyring) error {
	for _, m := range v.manifest.segments {
		if _, made := f.vectors[m.lexicon]; made || f.basis == nil {
			continue
		}
		rows, unseen, err := engine.Embed(v.segments[m.lexicon], f.basis.Basis)
		if err != nil {
			return err
		}
		var s sealed
		if err := s.addVectors(keys, f.basis, rows, unseen); err != nil {
			return err
		}
		f.vectors[m.lexicon] = s
	}
	return nil
}

// changeOver lists a new basis and its vectors in the place of the old ones.
// Errors: errRaced, when a segment has none of the new vectors or the basis is not
// the one that was to be replaced.
func (r Request) changeOver(ctx context.Context, tx *store.Tx, from pinned, f *fitting) error {
	head, err := tx.LockHead(ctx)
	if err != nil {
		return err
	}
	m, err := r.openHead(head)
	if err != nil {
		return err
	}
	if m.basis != from {
		return errRaced
	}
	old := manifest{basis: m.basis, segments: m.segments}
	m.basis, m.segments = f.basis.pin(), nil
	var objects []seal.Object
	if f.basis != nil {
		objects = append(objects, f.object)
	}
	for _, s := range old.segments {
		made, there := f.vectors[s.lexicon]
		if !there && f.basis != nil {
			return errRaced
		}
		s.vectors, s.unseen = made.vectors, made.unseen
		m.segments = append(m.segments, s)
		objects = append(objects, made.objects...)
	}
	if err := tx.RemoveObjects(ctx, old.embedding()...); err != nil {
		return err
	}
	if err := addObjects(ctx, tx, objects...); err != nil {
		return err
	}
	if err := m.sealInto(r.keys(), &head); err != nil {
		return err
	}
	return tx.SaveHead(ctx, head)
}
