package corpus

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// reembed gives every segment vectors by the tenant's model, out of the texts, until the
// last one's take the place of those that there were. Each segment is a generation of
// its own: whatever ends this, what comes after goes on with the next one. Documents
// that come meanwhile bring their vectors with them, so that there is an end.
// Errors: *EmbedderError.
func (c *Corpus) reembed(ctx context.Context, r Request) error {
	of := spaceOf(r.Tenant.Models.Embedder)
	made := remade{}
	for begun := false; ; begun = true {
		v, err := c.load(ctx, r)
		if err != nil {
			return err
		}
		if begun && !v.next.is(of) {
			return nil // it is through, or the tenant has got yet another model
		}
		m, lacks := v.lacking(of)
		if !lacks {
			return nil
		}
		rows, err := c.remake(ctx, r, v, m, made)
		if err != nil {
			return err
		}
		err = c.listNext(ctx, r, v, m, rows)
		if err != nil && !errors.Is(err, errRaced) { // what was made is not made again
			return err
		}
		if err == nil {
			made.forget(v.segments[m.lexicon])
		}
	}
}

// behind reports whether the vectors are not those that the tenant's chunks should have.
func (v *view) behind(r Request) bool {
	return v.lacksModel(r) || r.Tenant.Models.Embedder == nil && v.misfit(r)
}

// lacksModel reports whether segments have no vectors by the tenant's model.
func (v *view) lacksModel(r Request) bool {
	if r.Tenant.Models.Embedder == nil {
		return false
	}
	_, lacks := v.lacking(spaceOf(r.Tenant.Models.Embedder))
	return lacks
}

// lacking finds a segment without vectors of a space.
func (v *view) lacking(of modelSpace) (m member, found bool) {
	if v.basis.is(of) {
		return member{}, false
	}
	changes := v.next.is(of)
	at := slices.IndexFunc(v.manifest.segments, func(m member) bool { return !changes || m.next.none() })
	if at < 0 {
		return member{}, false
	}
	return v.manifest.segments[at], true
}

// listNext lists vectors by the tenant's model as the next ones of a segment, and begins
// the change to it with the first. Errors: errRaced.
func (c *Corpus) listNext(ctx context.Context, r Request, v *view, m member, rows []byte) error {
	in := spaces{basis: v.basis, next: v.next, was: v.manifest.pins()}
	if err := in.choose(r); err != nil {
		return err
	}
	var s sealed
	if err := s.addVectors(r.keys(), in.next, rows, &s.next); err != nil {
		return err
	}
	return c.edit(ctx, r, func(tx *store.Tx, e *edition) error {
		if err := e.adopt(tx, in); err != nil {
			return err
		}
		at := slices.IndexFunc(e.manifest.segments, func(listed member) bool { return listed.lexicon == m.lexicon })
		if at < 0 {
			return errRaced
		}
		e.manifest.segments = slices.Clone(e.manifest.segments)
		e.manifest.segments[at].next = s.next
		addObjects(tx, s.objects...)
		e.promote(tx)
		return nil
	})
}

// remade are the vectors of documents, by their sources, that are not listed yet.
type remade map[uuid.UUID]*vector.Rows

func (made remade) forget(s *segment.Segment) {
	for n := range uint32(s.Documents()) {
		id, _, _, _ := s.Document(n)
		delete(made, id)
	}
}

// Documents are embedded in batches of about so many chunks.
const remakeChunks = 256

// remake encodes the vectors of a segment's chunks by the tenant's model. Those of the
// dead are zeros, which nobody sees.
func (c *Corpus) remake(ctx context.Context, r Request, v *view, m member, made remade) ([]byte, error) {
	s := v.segments[m.lexicon]
	var batch []uint32
	chunks, bytes := uint32(0), int64(0)
	for n := range uint32(s.Documents()) {
		id, encoded, first, end := s.Document(n)
		if made[id] != nil {
			continue
		}
		about, err := openAttributes(encoded)
		if err != nil {
			return nil, err
		}
		batch, chunks, bytes = append(batch, n), chunks+end-first, bytes+about.bytes()
		if chunks >= remakeChunks || bytes >= readBytes {
			if err := c.remakeBatch(ctx, r, s, batch, made); err != nil {
				return nil, err
			}
			batch, chunks, bytes = nil, 0, 0
		}
	}
	if err := c.remakeBatch(ctx, r, s, batch, made); err != nil {
		return nil, err
	}
	var parts []vector.Source
	for n := range uint32(s.Documents()) {
		id, _, _, _ := s.Document(n)
		parts = append(parts, vector.Source{Rows: made[id]})
	}
	return vector.Join(parts)
}

// remakeBatch makes the vectors of some documents of a segment.
func (c *Corpus) remakeBatch(ctx context.Context, r Request, s *segment.Segment, batch []uint32, made remade) error {
	all, err := r.sources(ctx, s, batch)
	if err != nil {
		return err
	}
	var texts []string
	for _, n := range batch {
		if text, there := all[n]; there {
			of, err := passagesOf(s, n, text)
			if err != nil {
				return err
			}
			texts = append(texts, of...)
		}
	}
	embedded, err := c.vectorsOf(ctx, r, forChange, texts)
	if err != nil {
		return err
	}
	vectors := embedded.Vectors
	dimensions := r.Tenant.Models.Embedder.Dimensions()
	for _, n := range batch {
		id, _, first, end := s.Document(n)
		mine := make([][]float32, end-first)
		if _, there := all[n]; there {
			vectors = vectors[copy(mine, vectors):]
		} else {
			for i := range mine {
				mine[i] = make([]float32, dimensions)
			}
		}
		if made[id], err = encodeRows(dimensions, mine); err != nil {
			return err
		}
	}
	return nil
}

// sources reads the texts of documents of a segment, of those that are there still.
func (r Request) sources(ctx context.Context, s *segment.Segment, batch []uint32) (map[uint32]string, error) {
	ids := make([]uuid.UUID, len(batch))
	for i, n := range batch {
		ids[i], _, _, _ = s.Document(n)
	}
	var blocks map[store.BlockRef][]byte
	err := r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		blocks, err = rows.Objects(ctx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := map[uint32]string{}
	for i, n := range batch {
		if _, there := blocks[store.BlockRef{Object: ids[i]}]; !there {
			continue
		}
		_, text, err := whole(r.keys(), ids[i], seal.Source, blocks)
		if err != nil {
			return nil, err
		}
		all[n] = string(text)
	}
	return all, nil
}
