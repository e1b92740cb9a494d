package corpus

import (
	"context"
	"errors"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Why a change is tried again, after what helps.
var (
	// errRaced: somebody else changed the document since it was looked at.
	errRaced = errors.New("the document changed while it was prepared")
	// errFull: the manifest lists as much as it may.
	errFull = errors.New("too many segments, or dead documents, wait for a merge")
	// errUnindexed: the documents are of a version that had no segments.
	errUnindexed = errors.New("the documents are not in segments")
)

// attempts bounds how often a change is tried.
const attempts = 5

// change makes a change and sees to it that the index stays in order. Who finds it
// full merges it: whoever writes faster than is merged pays for it.
func (c *Corpus) change(ctx context.Context, r Request, try func() error) error {
	for range attempts {
		err := try()
		switch {
		case err == nil:
			c.upkeep.after(c, r)
			return nil
		case errors.Is(err, errRaced):
		case errors.Is(err, errFull):
			err = c.merge(ctx, r, crowded)
		case errors.Is(err, errUnindexed):
			err = c.reindex(ctx, r)
		default:
			return err
		}
		if err != nil && !errors.Is(err, errRaced) {
			return err
		}
	}
	return store.ErrBusy
}

// openHead is openManifest for who changes the index.
func (r Request) openHead(head store.Head) (manifest, error) {
	if head.Manifest == nil && head.Docs > 0 {
		return manifest{}, errUnindexed
	}
	return openManifest(r.keys(), head)
}
