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

// embedding is the embedding anew of a tenant's documents.
type embedding struct {
	Request
	job   store.Job
	holds func() bool // whether the request is still to be done
	made  remade
}

// progress is how far an embedding anew is.
type progress int

const (
	underWay progress = iota
	complete
	overtaken // the tenant has another model by then
)

// reembed gives every segment vectors by the tenant's model, out of the texts, until the
// last one's take the place of those that there were, and returns how the manifest lists
// those then. Each segment is a generation of its own: whatever ends this, what comes after
// goes on with the next one. Documents that come meanwhile bring their vectors with them,
// so that there is an end. Errors: *EmbedderError, store.ErrLost; ErrTooLarge, when the index
// has no room for both vectors.
func (c *Corpus) reembed(ctx context.Context, r *embedding) (as pins, got progress, err error) {
	for begun := false; got == underWay && err == nil; begun = true {
		err = c.withNewest(ctx, r.Request, func(v *view) (err error) {
			as = v.manifest.pins()
			got, err = c.reembedOne(ctx, r, v, begun)
			return err
		})
	}
	return as, got, err
}

// reembedOne gives one segment vectors by the tenant's model, unless all have them.
func (c *Corpus) reembedOne(ctx context.Context, r *embedding, v *view, begun bool) (progress, error) {
	of := spaceOf(r.Tenant.Models.Embedder)
	m, lacks := v.lacking(of)
	switch {
	case !lacks:
		return complete, nil
	case begun && !v.next.is(of): // a replica knows the tenant with another model
		return overtaken, nil
	case v.manifest.bytes()+int64(m.chunks)*int64(r.Tenant.Models.Embedder.Dimensions()) > c.cache.share:
		return underWay, ErrTooLarge // or what is searched now could not be any more
	}
	rows, err := c.remake(ctx, r, v.segments[m.lexicon])
	if err != nil {
		return underWay, err
	}
	if rows == nil {
		return overtaken, nil
	}
	err = c.listNext(ctx, r, v, m, rows)
	if errors.Is(err, errRaced) {
		return underWay, nil // what was made is not made again
	}
	if err == nil {
		r.made.forget(v.segments[m.lexicon])
	}
	return underWay, err
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
// the change to it with the first. Errors: errRaced, store.ErrLost.
func (c *Corpus) listNext(ctx context.Context, r *embedding, v *view, m member, rows []byte) error {
	in := spaces{bases: v.bases, was: v.manifest.pins()}
	if err := in.choose(r.Request); err != nil {
		return err
	}
	var s sealed
	if err := s.addVectors(r.keys(), in.next, rows, &s.next); err != nil {
		return err
	}
	return c.edit(ctx, r.Request, func(tx *store.Tx, e *edition) error {
		if err := tx.Hold(ctx, r.job); err != nil {
			return err
		}
		if err := e.adopt(tx, in); err != nil {
			return err
		}
		at := slices.IndexFunc(e.manifest.segments, func(listed member) bool { return listed.lexicon == m.lexicon })
		if at < 0 || !e.manifest.segments[at].next.none() {
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

// remake encodes the vectors of a segment's chunks by the tenant's model, nil when the
// request no longer holds. Those of the dead are zeros, which nobody sees.
func (c *Corpus) remake(ctx context.Context, r *embedding, s *segment.Segment) ([]byte, error) {
	batches, err := r.batches(s)
	if err != nil {
		return nil, err
	}
	for _, batch := range batches {
		if !r.holds() {
			return nil, nil
		}
		if err := c.remakeBatch(ctx, r, s, batch); err != nil {
			return nil, err
		}
	}
	var parts []vector.Source
	for n := range uint32(s.Documents()) {
		id, _, _, _ := s.Document(n)
		parts = append(parts, vector.Source{Rows: r.made[id]})
	}
	return vector.Join(parts)
}

// batches are the documents of a segment without vectors, as many together as are read.
func (r *embedding) batches(s *segment.Segment) (all [][]uint32, err error) {
	var batch []uint32
	chunks, bytes := uint32(0), int64(0)
	for n := range uint32(s.Documents()) {
		id, encoded, first, end := s.Document(n)
		if r.made[id] != nil {
			continue
		}
		about, err := openAttributes(encoded)
		if err != nil {
			return nil, err
		}
		batch, chunks, bytes = append(batch, n), chunks+end-first, bytes+about.bytes()
		if chunks >= remakeChunks || bytes >= readBytes {
			all = append(all, batch)
			batch, chunks, bytes = nil, 0, 0
		}
	}
	return append(all, batch), nil
}

// remakeBatch makes the vectors of some documents of a segment.
func (c *Corpus) remakeBatch(ctx context.Context, r *embedding, s *segment.Segment, batch []uint32) error {
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
	embedded, err := c.vectorsOf(ctx, r.Request, forChange, texts)
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
		if r.made[id], err = encodeRows(dimensions, mine); err != nil {
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
		text, err := whole(r.keys(), ids[i], seal.Source, blocks)
		if err != nil {
			return nil, err
		}
		all[n] = string(text)
	}
	return all, nil
}
