package store

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"
)

// shares bounds how many connections one tenant holds, so that a loud tenant
// leaves some to the others.
type shares struct {
	each int64
	wait time.Duration

	mu     sync.Mutex
	tenant map[uuid.UUID]*share
}

type share struct {
	*semaphore.Weighted
	users int // holders and waiters; the share is forgotten with the last one
}

func newShares(each int32, wait time.Duration) *shares {
	return &shares{each: int64(each), wait: wait, tenant: map[uuid.UUID]*share{}}
}

// acquire waits for the tenant's turn, at most the configured time, and
// returns how to give it back.
func (s *shares) acquire(ctx context.Context, tenant uuid.UUID) (release func(), err error) {
	mine := s.join(tenant)
	waiting, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	if err := mine.Acquire(waiting, 1); err != nil {
		s.leave(tenant, mine)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, ErrBusy
	}
	return func() {
		mine.Release(1)
		s.leave(tenant, mine)
	}, nil
}

func (s *shares) join(tenant uuid.UUID) *share {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine, ok := s.tenant[tenant]
	if !ok {
		mine = &share{Weighted: semaphore.NewWeighted(s.each)}
		s.tenant[tenant] = mine
	}
	mine.users++
	return mine
}

func (s *shares) leave(tenant uuid.UUID, mine *share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine.users--
	if mine.users == 0 {
		delete(s.tenant, tenant)
	}
}
