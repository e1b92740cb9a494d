package guard

import (
	"context"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// ingestWait is how long an upload that is there waits to be worked on.
const ingestWait = 5 * time.Second

// parseWait is how long an upload waits for others of its tenant to be read.
const parseWait = 20 * time.Second

// Upload is one upload from its first byte on. While it arrives, at a speed
// that is its client's, it counts against its tenant; against the process only
// its bytes do, and then the work for it.
type Upload struct {
	limits   *Limits
	mine     *usage
	received int64
	working  bool
}

// Upload counts an upload against its tenant. The caller ends it with Done.
// Errors: ErrIngests.
func (l *Limits) Upload(t *tenants.Tenant) (*Upload, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := l.usage(t)
	if mine.uploads >= t.Limits.ConcurrentIngests {
		return nil, ErrIngests
	}
	mine.uploads++
	return &Upload{limits: l, mine: mine}, nil
}

// LargestUpload is the size in bytes of the largest upload that memory is for.
func (l *Limits) LargestUpload() int64 { return l.room / 2 }

// Receive counts bytes that arrived. Errors: ErrIngests when the tenant's share
// of the memory is used up, ErrLoad when all of it is.
func (u *Upload) Receive(n int) error {
	l := u.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case u.mine.received+int64(n) > l.LargestUpload():
		return ErrIngests
	case l.received+int64(n) > l.room:
		return ErrLoad
	}
	u.count(int64(n))
	return nil
}

func (u *Upload) count(n int64) {
	u.received += n
	u.mine.received += n
	u.limits.received += n
}

// Work waits for the process to have time for the upload, which has arrived.
// Errors: ErrLoad, or the context's.
func (u *Upload) Work(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, ingestWait)
	defer cancel()
	if err := u.limits.ingests.Acquire(waiting, 1); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return ErrLoad
	}
	u.working = true
	return nil
}

// Parse waits for the tenant's turn to have a file read, which is one at a time, so
// that it leaves children to others. The caller ends the turn. Errors: ErrIngests,
// or the context's.
func (u *Upload) Parse(ctx context.Context) (end func(), err error) {
	return u.mine.parse(ctx)
}

// Parse is Upload.Parse for a file of the tenant that was received before.
func (l *Limits) Parse(ctx context.Context, t *tenants.Tenant) (end func(), err error) {
	l.mu.Lock()
	mine := l.usage(t)
	l.mu.Unlock()
	return mine.parse(ctx)
}

func (u *usage) parse(ctx context.Context) (end func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, parseWait)
	defer cancel()
	if err := u.parses.Acquire(waiting, 1); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, ErrIngests
	}
	return func() { u.parses.Release(1) }, nil
}

// Done gives back what the upload took.
func (u *Upload) Done() {
	if u.working {
		u.limits.ingests.Release(1)
	}
	u.limits.mu.Lock()
	defer u.limits.mu.Unlock()
	u.mine.uploads--
	u.count(-u.received)
}
