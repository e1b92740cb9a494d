package corpus

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// Member is a document in a vector store.
type Member struct {
	Document   uuid.UUID
	Bytes      int64
	Attributes filter.Attributes
}

// Members returns the documents of a vector store, by id.
func (c *Corpus) Members(ctx context.Context, r Request, id uuid.UUID) (all []Member, err error) {
	err = c.withView(ctx, r, func(v *view) (err error) {
		all, err = v.members(r.Caller, id)
		return err
	})
	return all, err
}

func (v *view) members(seenBy principal.Caller, id uuid.UUID) ([]Member, error) {
	var all []Member
	for encoded := range v.seenBy(seenBy).Documents() {
		a, err := openAttributes(encoded)
		if err != nil {
			return nil, err
		}
		if !a.in(id) {
			continue
		}
		given, err := filter.Decode(a.given)
		if err != nil {
			return nil, fmt.Errorf("document %s: %w: %w", a.document, seal.ErrCorrupt, err)
		}
		all = append(all, Member{a.document, a.bytes(), given})
	}
	slices.SortFunc(all, func(x, y Member) int { return bytes.Compare(x.Document[:], y.Document[:]) })
	return all, nil
}

// Contents is how much is in a vector store.
type Contents struct {
	Documents int
	Bytes     int64
}

// Contents counts what is in each vector store.
func (c *Corpus) Contents(ctx context.Context, r Request) (all map[uuid.UUID]Contents, err error) {
	err = c.withView(ctx, r, func(v *view) (err error) {
		all, err = v.contents(r.Caller)
		return err
	})
	return all, err
}

func (v *view) contents(seenBy principal.Caller) (map[uuid.UUID]Contents, error) {
	counted := map[uuid.UUID]Contents{}
	for encoded := range v.seenBy(seenBy).Documents() {
		a, err := openAttributes(encoded)
		if err != nil {
			return nil, err
		}
		for id := range slices.Chunk(a.stores, idBytes) {
			sum := counted[uuid.UUID(id)]
			counted[uuid.UUID(id)] = Contents{sum.Documents + 1, sum.Bytes + a.bytes()}
		}
	}
	return counted, nil
}

// in reports whether the document is in a vector store.
func (a *attributes) in(id uuid.UUID) bool {
	for rest := a.stores; len(rest) >= idBytes; rest = rest[idBytes:] {
		if [idBytes]byte(rest) == id {
			return true
		}
	}
	return false
}

// bytes is the size of the document's text.
func (a *attributes) bytes() int64 {
	n, _ := binary.Uvarint(a.size)
	return int64(n)
}

// joinIDs is how attributes have vector stores.
func joinIDs(ids []uuid.UUID) []byte {
	var out []byte
	for _, id := range ids {
		out = append(out, id[:]...)
	}
	return out
}
