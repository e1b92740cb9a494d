package audit

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

const (
	groupSize     = 64   // events of one commit
	backlog       = 1024 // events waiting, per tenant
	commitTimeout = 5 * time.Second
	// resultDelay is how long a result, which nobody waits for, waits for the commit of
	// an intent that it can go along with.
	resultDelay = 100 * time.Millisecond
)

// Lane is this process's chain of one tenant in one database. One goroutine at
// a time commits what has gathered, so the chain can not fork and a busy tenant
// pays one commit for many events. It is safe for concurrent use.
type Lane struct {
	log   *Log
	store *store.Store
	keys  *seal.Keyring

	mu      sync.Mutex
	queue   []entry
	running bool // somebody commits
	delayed bool // somebody will, before long

	// Of the committing goroutine alone:
	end   link
	known bool // end is what the database has
}

type entry struct {
	kind   string
	record Record
	at     time.Time
	past   []store.Past
	done   chan<- outcome // nil: nobody waits
}

type outcome struct {
	admission store.Admission
	err       error
}

// submit queues an event and sees to it that somebody commits.
func (l *Lane) submit(e entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) >= backlog {
		return ErrBacklog
	}
	l.queue = append(l.queue, e)
	l.see()
	return nil
}

// see has what is queued be committed: now, if somebody waits for it. The caller holds mu.
func (l *Lane) see() {
	switch {
	case l.running || len(l.queue) == 0:
	case l.due():
		l.running = true
		l.log.commits.Go(l.drain)
	case !l.delayed:
		l.delayed = true
		l.log.commits.Go(l.delay)
	}
}

// due reports whether what is queued is to be committed now.
func (l *Lane) due() bool {
	return len(l.queue) >= groupSize || l.log.ended() || time.Since(l.queue[0].at) >= resultDelay ||
		slices.ContainsFunc(l.queue, func(e entry) bool { return e.done != nil })
}

func (l *Lane) delay() {
	select {
	case <-time.After(resultDelay):
	case <-l.log.ending:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delayed = false
	l.see()
}

func (l *Lane) drain() {
	for group := l.take(); len(group) > 0; group = l.take() {
		admission, err := l.commit(group)
		for _, e := range group {
			if e.done != nil {
				e.done <- outcome{admission: admission, err: err}
			} else if err != nil {
				l.log.lost(l.keys.Tenant(), err)
			}
		}
	}
}

func (l *Lane) take() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 || !l.due() {
		l.running = false
		l.see()
		return nil
	}
	n := min(len(l.queue), groupSize)
	group := l.queue[:n:n]
	l.queue = l.queue[n:]
	return group
}

func (l *Lane) commit(group []entry) (store.Admission, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	if err := l.ready(ctx); err != nil {
		return store.Admission{}, err
	}
	end, events := l.end, make([]store.Event, len(group))
	var past []store.Past
	for i, e := range group {
		event, err := end.next(l.keys, e.kind, e.record, e.at)
		if err != nil {
			return store.Admission{}, err
		}
		end.seq, end.hash, events[i] = event.Seq, event.Hash, event
		past = append(past, e.past...)
	}
	admission, err := l.store.Admit(ctx, l.keys.Tenant(), events, past)
	if err != nil {
		l.known = false // the commit may have happened or not
		return store.Admission{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	l.end = end
	return admission, nil
}

// ready announces the lane before its first event, and after a failure finds
// out where the chain ends.
func (l *Lane) ready(ctx context.Context) error {
	if l.end.lane == 0 {
		return l.open(ctx)
	}
	if l.known {
		return nil
	}
	seq, hash, err := l.store.Tail(ctx, l.keys.Tenant(), l.end.lane)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if seq > 0 {
		l.end.seq, l.end.hash = seq, hash
	}
	l.known = true
	return nil
}

// open announces a fresh lane in lane 0. The lane's chain starts from the
// announcement.
func (l *Lane) open(ctx context.Context) error {
	opened := link{lane: newLane()}
	err := l.store.WithTenant(ctx, l.keys.Tenant(), func(tx *store.Tx) error {
		head, err := tx.LockHead(ctx)
		if err != nil {
			return err
		}
		if err := appendChange(tx, &head, l.keys, laneOpened, Record{Lane: opened.lane}); err != nil {
			return err
		}
		opened.hash = head.Lane0Hash
		tx.SaveHead(head)
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: lane: %w", ErrUnavailable, err)
	}
	l.end, l.known = opened, true
	return nil
}

// newLane is random, positive and not 0, which is the lane of changes.
func newLane() int64 {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails
	return int64(binary.BigEndian.Uint64(raw[:])>>1 | 1)
}
