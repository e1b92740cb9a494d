package corpus

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

var (
	// ErrDemand: indexing the document would take more memory than there is for it.
	ErrDemand = errors.New("the document takes too much memory to index")
	// ErrRoom: documents that are being indexed have the memory.
	ErrRoom = errors.New("too many documents are being indexed")
)

const (
	// roomWait is how long a document waits for memory.
	roomWait = 5 * time.Second
	// A text of so many bytes may have so many times the volume, and some more.
	volumeTimes, volumeMore = 4, 256 << 10
)

// building is what engine.Build takes at most: it makes up to twice the volume, and holds
// that twice while it is put together, and while it is sealed; and some chunks as lists.
func building(volume int64) int64 {
	const lists = 8 << 20
	return 4*volume + min(8*volume, lists)
}

// room is the memory in which documents are indexed. Large ones leave a quarter of it to
// small ones, and of a tenant only one comes at a time: whoever sends them delays others
// of their kind.
type room struct {
	bytes        int64
	small, large *semaphore.Weighted
	smallest     int64 // of the large ones

	mu    sync.Mutex
	turns map[*seal.Keyring]*turn
}

// turn is that of a tenant's large documents.
type turn struct {
	*semaphore.Weighted
	takers int // who have it, or wait
}

func newRoom(bytes int64) *room {
	small := bytes / 4
	return &room{
		bytes: bytes - small, small: semaphore.NewWeighted(small), large: semaphore.NewWeighted(bytes - small),
		smallest: small / 8, turns: map[*seal.Keyring]*turn{},
	}
}

// demand is the memory in bytes that indexing an upload takes: its text, as it is indexed
// and as it is sealed, what is built of it, and its vectors by a model. Errors: ErrDemand.
func (r Request) demand(up Upload) (int64, error) {
	text := int64(len(up.Text))
	of := engine.Volume(up.Title, string(up.Text), up.Media)
	demand := 2*text + building(of.Bytes)
	if of.Bytes > volumeTimes*text+volumeMore {
		return 0, ErrDemand
	}
	if by := r.Tenant.Models.Embedder; by != nil {
		const times = 3 // made, put together, and sealed
		demand += of.Bytes + of.Chunks*times*int64(by.Dimensions())
	}
	return demand, nil
}

// demandOf is what texts take at most that are there already.
func demandOf(text int64) int64 { return 2*text + building(volumeTimes*text+volumeMore) }

// enter waits until there is memory for an upload of a tenant, until leave. Errors:
// ErrDemand, ErrRoom, the context's.
func (m *room) enter(ctx context.Context, of *seal.Keyring, demand int64) (leave func(), err error) {
	if demand > m.bytes {
		return nil, ErrDemand
	}
	waiting, cancel := context.WithTimeout(ctx, roomWait)
	defer cancel()
	if leave, err = m.wait(waiting, of, demand); err != nil && ctx.Err() == nil {
		err = ErrRoom
	}
	return leave, err
}

// wait is enter for as long as the context allows. What takes more memory than there is
// has it alone. Errors: the context's.
func (m *room) wait(ctx context.Context, of *seal.Keyring, demand int64) (leave func(), err error) {
	if demand < m.smallest {
		return take(ctx, m.small, demand)
	}
	end, err := m.turn(ctx, of)
	if err != nil {
		return nil, err
	}
	release, err := take(ctx, m.large, min(demand, m.bytes))
	if err != nil {
		end()
		return nil, err
	}
	return func() { release(); end() }, nil
}

// turn waits for a tenant's turn, which lasts until end.
func (m *room) turn(ctx context.Context, of *seal.Keyring) (end func(), err error) {
	m.mu.Lock()
	mine := m.turns[of]
	if mine == nil {
		mine = &turn{Weighted: semaphore.NewWeighted(1)}
		m.turns[of] = mine
	}
	mine.takers++
	m.mu.Unlock()
	forget := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if mine.takers--; mine.takers == 0 {
			delete(m.turns, of)
		}
	}
	release, err := take(ctx, mine.Weighted, 1)
	if err != nil {
		forget()
		return nil, err
	}
	return func() { release(); forget() }, nil
}

func take(ctx context.Context, of *semaphore.Weighted, n int64) (release func(), err error) {
	if err := of.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { of.Release(n) }, nil
}
