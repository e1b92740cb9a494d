package corpus

import (
	"context"
	"fmt"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// space is what vectors are of: those of one that was fitted to a tenant's chunks, an
// *lsa.Basis, or of a model, a modelSpace. Vectors of different revisions can not be
// compared.
type space interface {
	Revision() lsa.Revision
	Dimensions() int
	Bytes() int64 // that it takes in memory
	Encode() []byte
}

// basis is a space in which a tenant's chunks have vectors, as its manifest lists it.
type basis struct {
	space
	pinned
}

// bases are those of an index: the one that its vectors are of, and the one that is to
// take its place. nil is none, and next is that most of the time.
type bases struct{ basis, next *basis }

// bases are those of the tenant's view in memory. They are not zeroed with it.
func (c *cache) bases(keys *seal.Keyring) bases {
	v := c.hold(keys)
	defer c.release(v)
	return v.bases
}

// pin is how the manifest lists the basis; nil is listed as none.
func (b *basis) pin() pinned {
	if b == nil {
		return pinned{}
	}
	return b.pinned
}

// fitted is the basis if it is one that was fitted to the chunks, else nil. It makes
// vectors of anything at any time.
func (b *basis) fitted() *lsa.Basis {
	if b == nil {
		return nil
	}
	fitted, _ := b.space.(*lsa.Basis)
	return fitted
}

// is reports whether vectors of the basis are of a space.
func (b *basis) is(of space) bool { return b != nil && b.Revision() == of.Revision() }

// listed is the one that a manifest lists so, nil if it is neither.
func (b bases) listed(as pinned) *basis {
	for _, known := range []*basis{b.basis, b.next} {
		if known != nil && known.pinned == as {
			return known
		}
	}
	return nil
}

// fetchBasis reads the basis that a manifest lists, nil for none, unless it is there
// already. Errors: seal.ErrCorrupt, those of the keys.
func fetchBasis(ctx context.Context, rows *store.Rows, keys *seal.Keyring, listed pinned, there bases) (b *basis, err error) {
	if b = there.listed(listed); b != nil || listed.none() {
		return b, nil
	}
	err = fetchParts(ctx, rows, keys, []part{{listed, seal.Vectors, func(plain []byte) (err error) {
		b, err = openBasis(listed, plain)
		return err
	}}})
	return b, err
}

// openBasis opens what is sealed of a basis that a manifest lists. Errors: seal.ErrCorrupt.
func openBasis(listed pinned, plain []byte) (*basis, error) {
	defer clear(plain) // what is decoded has copies
	decoded, err := decodeSpace(plain)
	if err != nil {
		return nil, fmt.Errorf("basis: %w: %w", seal.ErrCorrupt, err)
	}
	return &basis{decoded, listed}, nil
}
