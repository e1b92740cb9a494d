package corpus

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// sought is a hit whose text is to be told.
type sought struct {
	engine.Hit
	about attributes
}

// texts are what was fetched of documents' texts, to be opened.
type texts struct {
	blocks  map[store.BlockRef][]byte
	sources map[uuid.UUID]*seal.Opener // of the documents that are there still
}

// texts fetches what hits are in: in one query, but for texts that a version before
// sealed in larger blocks.
func (r Request) texts(ctx context.Context, all []sought) (t texts, err error) {
	want := map[store.BlockRef]bool{}
	for _, h := range all {
		size := sourceBlock(h.about.bytes())
		want[store.BlockRef{Object: h.Document}] = true
		for no := h.Chunk.Start / size; no <= max(h.Chunk.Start, h.Chunk.End-1)/size; no++ {
			want[store.BlockRef{Object: h.Document, No: int32(no + 1)}] = true
		}
	}
	if t.blocks, err = r.blocks(ctx, slices.Collect(maps.Keys(want))); err != nil {
		return t, err
	}
	t.sources = map[uuid.UUID]*seal.Opener{}
	lacks, err := t.read(r.keys(), all)
	if err != nil || len(lacks) == 0 {
		return t, err
	}
	others, err := r.blocks(ctx, lacks)
	maps.Copy(t.blocks, others)
	return t, err
}

// read reads the headers, and names the blocks that they say hits are in and that were not
// fetched.
func (t texts) read(keys *seal.Keyring, all []sought) (lacks []store.BlockRef, err error) {
	for _, h := range all {
		header, there := t.blocks[store.BlockRef{Object: h.Document}]
		if !there {
			continue
		}
		if t.sources[h.Document] == nil {
			if t.sources[h.Document], err = keys.OpenObject(h.Document, seal.Source, header); err != nil {
				return nil, err
			}
		}
		for _, ref := range refs(t.sources[h.Document], int64(h.Chunk.Start), int64(h.Chunk.End)) {
			if t.blocks[ref] == nil {
				lacks = append(lacks, ref)
			}
		}
	}
	return lacks, nil
}

// passage opens the text of a hit. Errors: ErrChanged, seal.ErrCorrupt, those of the keys.
func (t texts) passage(h sought) (Passage, error) {
	source, there := t.sources[h.Document]
	if !there {
		return Passage{}, ErrChanged
	}
	text, err := cut(source, t.blocks, int64(h.Chunk.Start), int64(h.Chunk.End))
	if err != nil {
		return Passage{}, err
	}
	given, err := filter.Decode(h.about.given)
	if err != nil {
		return Passage{}, fmt.Errorf("document %s: %w: %w", h.about.document, seal.ErrCorrupt, err)
	}
	title := string(h.about.title)
	return Passage{
		Document: h.about.document, ExternalID: string(h.about.externalID), Title: title, Heading: title + " " + h.Chunk.Heading,
		Start: h.Chunk.Start, End: h.Chunk.End, Text: string(text), Score: h.Score, Attributes: given, source: h.Document,
	}, nil
}
