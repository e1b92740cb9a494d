package corpus

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

// maxRestrictions is for how many callers a view keeps what they see: a bit a document,
// and a look at each when it is made.
const maxRestrictions = 32

// restrictions are a view's indexes of what callers see, by their principals; who was
// last is first.
type restrictions struct {
	mu  sync.Mutex
	all []*restriction
}

type restriction struct {
	principals string
	index      func() *engine.Index // made once
}

// seenBy is the index of the documents that a caller sees. Its statistics are of them
// alone, so that nothing of a search tells of others.
func (v *view) seenBy(c principal.Caller) *engine.Index {
	if c.May(principal.Admin) {
		return v.index
	}
	return v.restricted.of(c.Principals(), v.index).index()
}

func (r *restrictions) of(principals []string, of *engine.Index) *restriction {
	key := strings.Join(principals, "\n")
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.IndexFunc(r.all, func(one *restriction) bool { return one.principals == key })
	if at < 0 {
		made := &restriction{key, sync.OnceValue(func() *engine.Index { return of.Restrict(readableBy(principals)) })}
		r.all = slices.Insert(r.all, 0, made)
		r.all = r.all[:min(len(r.all), maxRestrictions)]
		return made
	}
	found := r.all[at]
	copy(r.all[1:at+1], r.all[:at])
	r.all[0] = found
	return found
}

// readableBy tells by its attributes whether a document is for one of the principals. What
// can not be read is for nobody.
func readableBy(principals []string) func(encoded []byte) bool {
	return func(encoded []byte) bool {
		a, err := openAttributes(encoded)
		if err != nil || len(a.readers) == 0 {
			return err == nil
		}
		for reader := range bytes.SplitSeq(a.readers, []byte{'\n'}) {
			if slices.Contains(principals, string(reader)) {
				return true
			}
		}
		return false
	}
}

// joinReaders is how attributes have who may read a document.
func joinReaders(a principal.Access) []byte {
	readers := a.Readers()
	if slices.Contains(readers, principal.Everyone) {
		return nil
	}
	return []byte(strings.Join(readers, "\n") + "\n")
}

// seenIDs are those of the documents after the given one that the caller sees, in order.
func (c *Corpus) seenIDs(ctx context.Context, r Request, after uuid.UUID) (ids []uuid.UUID, err error) {
	err = c.withView(ctx, r, func(v *view) (err error) {
		ids, err = v.idsAfter(r.Caller, after)
		return err
	})
	return ids, err
}

func (v *view) idsAfter(seenBy principal.Caller, after uuid.UUID) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	for encoded := range v.seenBy(seenBy).Documents() {
		a, err := openAttributes(encoded)
		if err != nil {
			return nil, err
		}
		if bytes.Compare(a.document[:], after[:]) > 0 {
			ids = append(ids, a.document)
		}
	}
	slices.SortFunc(ids, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	return ids, nil
}
