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
	from := v.manifest.pins()
	if fitted.basis == nil && from == (pins{}) {
		return nil
	}
	for range attempts {
		if err := fitted.embed(v, r.keys()); err != nil {
			return fmt.Errorf("refit: %w", err)
		}
		err := c.edit(ctx, r, func(tx *store.Tx, e *edition) error { return e.changeOver(tx, from, fitted) })
		if !errors.Is(err, errRaced) {
			return err
		}
		if v, err = c.load(ctx, r); err != nil {
			return err
		}
		if v.manifest.pins() != from {
			return nil // another replica was faster
		}
	}
	return errRaced
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
	f.object, f.basis.pinned, err = sealPinned(keys, seal.Vectors, fitted.Encode())
	return f, err
}

// embed makes the vectors of a view's segments that have none of the new basis yet.
func (f *fitting) embed(v *view, keys *seal.Keyring) error {
	for _, m := range v.manifest.segments {
		if _, made := f.vectors[m.lexicon]; made || f.basis == nil {
			continue
		}
		rows, unseen, err := engine.Embed(v.segments[m.lexicon], f.basis.fitted())
		if err != nil {
			return err
		}
		var s sealed
		s.unseen = float32(unseen)
		if err := s.addVectors(keys, f.basis, rows, &s.vectors); err != nil {
			return err
		}
		f.vectors[m.lexicon] = s
	}
	return nil
}

// changeOver lists a new basis and its vectors in the place of the old ones.
// Errors: errRaced, when a segment has none of the new vectors or the basis is not
// the one that was to be replaced.
func (e *edition) changeOver(tx *store.Tx, from pins, f *fitting) error {
	if e.manifest.pins() != from {
		return errRaced
	}
	old := e.manifest
	e.manifest.basis, e.manifest.next, e.manifest.segments = f.basis.pin(), pinned{}, nil
	var objects []seal.Object
	if f.basis != nil {
		objects = append(objects, f.object)
	}
	for _, s := range old.segments {
		made, there := f.vectors[s.lexicon]
		if !there && f.basis != nil {
			return errRaced
		}
		s.vectors, s.next, s.unseen = made.vectors, pinned{}, made.unseen
		e.manifest.segments = append(e.manifest.segments, s)
		objects = append(objects, made.objects...)
	}
	tx.RemoveObjects(append(old.embedding(), old.nextEmbedding()...)...)
	addObjects(tx, objects...)
	return nil
}
