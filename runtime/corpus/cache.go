package corpus

import (
	"container/list"
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// CacheConfig bounds the memory of search indexes.
type CacheConfig struct {
	Bytes     int64 // of all of them, about
	Tenant    int64 // of Bytes, what one tenant's may take
	ColdLoads int64 // as a whole at a time; each holds a connection
}

// cache keeps tenants' views, at most about limit bytes of them; the one that
// was used longest ago goes first. A view belongs to the Keyring that opened it:
// a tenant whose database or key is replaced has a new one, and finds none of
// the views of before.
//
// A view that is left out lives on while requests hold it, and counts until the last of
// them lets go: then what no other view has of it is zeroed.
type cache struct {
	limit  int64
	share  int64               // of limit, that one view may take
	cold   *semaphore.Weighted // loads of whole views at a time
	room   *semaphore.Weighted // of limit, what they will take
	memory prometheus.Gauge

	mu       sync.Mutex // unlock ends what it begins
	used     int64      // by views
	reserved int64      // for views that are being loaded
	views    map[*seal.Keyring]*list.Element
	order    *list.List // of cached, last used first
	flights  map[*seal.Keyring]*flight
	garbage  []*memory // that nobody holds, to be zeroed
}

type cached struct {
	keys *seal.Keyring
	view *view
}

func newCache(config CacheConfig, metrics prometheus.Registerer) *cache {
	memory := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "bulkhead_index_bytes", Help: "Approximate memory of the search indexes.",
	})
	metrics.MustRegister(memory)
	return &cache{
		limit: config.Bytes, share: min(config.Tenant, config.Bytes), memory: memory,
		cold: semaphore.NewWeighted(config.ColdLoads), room: semaphore.NewWeighted(config.Bytes),
		views: map[*seal.Keyring]*list.Element{}, order: list.New(), flights: map[*seal.Keyring]*flight{},
	}
}

// unlock lets others in and zeroes what nobody holds any more.
func (c *cache) unlock() {
	garbage := c.garbage
	c.garbage = nil
	c.memory.Set(float64(c.used))
	c.mu.Unlock()
	for _, m := range garbage {
		m.zero()
	}
}

// reserve waits for its turn to load a whole view of bytes, at most share, and
// makes room for it. Errors: the context's.
func (c *cache) reserve(ctx context.Context, bytes int64) (release func(), err error) {
	if err := c.cold.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := c.room.Acquire(ctx, bytes); err != nil {
		c.cold.Release(1)
		return nil, err
	}
	c.grant(bytes)
	return sync.OnceFunc(func() {
		c.grant(-bytes)
		c.room.Release(bytes)
		c.cold.Release(1)
	}), nil
}

func (c *cache) grant(bytes int64) {
	c.mu.Lock()
	defer c.unlock()
	c.reserved += bytes
	c.shrink(0)
}

// shrink leaves out views, but for the last few, until the others fit; the lock is held.
func (c *cache) shrink(leave int) {
	for c.used+c.reserved > c.limit && c.order.Len() > leave {
		c.remove(c.order.Back())
	}
}

// has reports whether there is a view of the tenant.
func (c *cache) has(keys *seal.Keyring) bool {
	c.mu.Lock()
	defer c.unlock()
	_, ok := c.views[keys]
	return ok
}

// hold returns the tenant's view, the zero one if there is none, for who releases it.
func (c *cache) hold(keys *seal.Keyring) *view {
	c.mu.Lock()
	defer c.unlock()
	at, ok := c.views[keys]
	if !ok {
		return &view{holders: 1}
	}
	c.order.MoveToFront(at)
	v := at.Value.(cached).view
	v.holders++
	return v
}

// adopt makes a new view, whose objects are all open, one that is held, for who releases
// it. The view that it shares some with is held still.
func (c *cache) adopt(v *view) {
	c.mu.Lock()
	defer c.unlock()
	v.holders = 1
	for _, m := range v.memory {
		m.views++
	}
}

func (c *cache) release(v *view) {
	c.mu.Lock()
	defer c.unlock()
	c.letGo(v)
}

// letGo is release for who has the lock.
func (c *cache) letGo(v *view) {
	if v.holders--; v.holders > 0 {
		return
	}
	for _, m := range v.memory {
		if m.views--; m.views > 0 {
			continue
		}
		if m.counted {
			c.used -= m.bytes
		}
		c.garbage = append(c.garbage, m)
	}
}

// put replaces a tenant's view, unless one that is as new is there.
func (c *cache) put(keys *seal.Keyring, v *view) {
	c.mu.Lock()
	defer c.unlock()
	if at, ok := c.views[keys]; ok {
		if at.Value.(cached).view.covers(v.stamp) {
			return
		}
		c.remove(at)
	}
	v.holders++
	c.views[keys] = c.order.PushFront(cached{keys: keys, view: v})
	for _, m := range v.memory {
		if !m.counted {
			m.counted = true
			c.used += m.bytes
		}
	}
	c.shrink(1)
}

func (c *cache) drop(keys *seal.Keyring) {
	c.mu.Lock()
	defer c.unlock()
	if at, ok := c.views[keys]; ok {
		c.remove(at)
	}
}

func (c *cache) remove(at *list.Element) {
	gone := c.order.Remove(at).(cached)
	delete(c.views, gone.keys)
	c.letGo(gone.view)
}
