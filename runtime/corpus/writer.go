package corpus

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

const (
	// groupChunks bounds what is committed together, or one upload that has more.
	groupChunks = 256
	// writeTimeout bounds the commit of a group.
	writeTimeout = 30 * time.Second
)

// writers commit uploads. Those of a tenant that come while others are committed wait and
// are committed together, as one generation and one segment: the more come, the less
// each costs.
type writers struct {
	committing sync.WaitGroup

	mu      sync.Mutex
	waiting map[*seal.Keyring][]*write // of the tenants for which somebody commits
}

func newWriters() *writers { return &writers{waiting: map[*seal.Keyring][]*write{}} }

// write is an upload on its way.
type write struct {
	request  Request
	prepared *prepared
	done     chan error
}

// write commits an upload, and returns once it is or can not be: nothing of it is held any
// more then. Errors: those of Request.commit and edit; errFull; the context's, after which
// it is not committed.
func (w *writers) write(ctx context.Context, c *Corpus, up *write) error {
	up.done = make(chan error, 1) // so that who commits never waits for us
	keys := up.request.keys()
	w.mu.Lock()
	queue, running := w.waiting[keys]
	w.waiting[keys] = append(queue, up)
	if !running {
		w.committing.Go(func() { w.commitAll(c, keys) })
	}
	w.mu.Unlock()
	select {
	case <-ctx.Done():
		if w.withdraw(up) {
			return ctx.Err()
		}
		return <-up.done // it is being committed, which is bounded
	case err := <-up.done:
		return err
	}
}

// withdraw reports whether an upload waited, which it does no longer.
func (w *writers) withdraw(up *write) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	keys := up.request.keys()
	at := slices.Index(w.waiting[keys], up)
	if at < 0 {
		return false
	}
	w.waiting[keys] = slices.Delete(w.waiting[keys], at, at+1)
	return true
}

// commitAll commits what waits for a tenant until nothing does.
func (w *writers) commitAll(c *Corpus, keys *seal.Keyring) {
	for group := w.take(keys); len(group) > 0; group = w.take(keys) {
		c.writeGroup(group)
	}
}

// take takes the first that waits, and what can be committed with it.
func (w *writers) take(keys *seal.Keyring) (group []*write) {
	w.mu.Lock()
	defer w.mu.Unlock()
	queue := w.waiting[keys]
	if len(queue) == 0 {
		delete(w.waiting, keys)
		return nil
	}
	group, chunks, rest := queue[:1:1], queue[0].chunks(), queue[:0:0]
	for _, up := range queue[1:] {
		if chunks+up.chunks() <= groupChunks && up.fits(group) {
			group, chunks = append(group, up), chunks+up.chunks()
		} else {
			rest = append(rest, up)
		}
	}
	w.waiting[keys] = rest
	return group
}

// chunks counts those of an upload, and one of a text that has none.
func (up *write) chunks() int { return max(1, up.prepared.addition.segment.Chunks()) }

// fits reports whether an upload can be committed with a group: it was prepared for the
// same index, and is of no document of theirs.
func (up *write) fits(group []*write) bool {
	p, q := up.prepared, group[0].prepared
	return up.request.Tenant == group[0].request.Tenant && p.language == q.language && p.spaces.alike(q.spaces) &&
		!slices.ContainsFunc(group, func(other *write) bool { return slices.Equal(other.prepared.row.ExtMAC, p.row.ExtMAC) })
}

// writeGroup commits uploads together, all but those that can not be whatever the others do.
func (c *Corpus) writeGroup(group []*write) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	for len(group) > 0 {
		fault, err := c.tryGroup(ctx, group)
		if fault == nil {
			for _, up := range group {
				up.done <- err
			}
			return
		}
		fault.done <- err
		group = slices.DeleteFunc(group, func(up *write) bool { return up == fault })
	}
}

// tryGroup commits uploads together. fault is the one that can not be, if it is for one.
func (c *Corpus) tryGroup(ctx context.Context, group []*write) (fault *write, err error) {
	first := group[0]
	var all []addition
	for _, up := range group {
		all = append(all, up.prepared.addition)
	}
	joined, err := joinAdditions(all)
	if err != nil {
		return nil, err
	}
	segment, err := joined.seal(first.request.keys(), first.prepared.spaces)
	if err != nil {
		return nil, err
	}
	err = c.edit(ctx, first.request, func(tx *store.Tx, e *edition) error {
		if err := e.list(tx, first.prepared, segment); err != nil {
			return err
		}
		for _, up := range group {
			if err := up.request.commit(ctx, tx, e, up.prepared); err != nil {
				if ofOne(err) {
					fault = up
				}
				return err
			}
		}
		return nil
	})
	return fault, err
}

// ofOne reports whether an error of a commit is for that upload alone.
func ofOne(err error) bool {
	var quota QuotaError
	return errors.Is(err, errRaced) || errors.Is(err, store.ErrLost) || errors.As(err, &quota)
}

// list lists a segment of uploads, one of which is given, and stores it. Errors: errRaced,
// errFull.
func (e *edition) list(tx *store.Tx, of *prepared, s sealed) error {
	if e.manifest.foreign(of.language) {
		return errRaced
	}
	if e.manifest.full() {
		return errFull
	}
	if err := e.adopt(tx, of.spaces); err != nil {
		return err
	}
	e.manifest.language = of.language
	e.manifest.segments = append(e.manifest.segments, s.member)
	e.promote(tx)
	addObjects(tx, s.objects...)
	return nil
}
