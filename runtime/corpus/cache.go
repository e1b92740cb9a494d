package corpus

import (
	"container/list"
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/bulkhead-dev/bulkhead/runtime/flight"
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
type cache struct {
	limit  int64
	share  int64 // of limit, that one view may take
	loads  flight.Group[*view]
	cold   *semaphore.Weighted // loads of whole views at a time
	room   *semaphore.Weighted // of limit, what they will take
	memory prometheus.Gauge

	mu       sync.Mutex
	used     int64 // by views
	reserved int64 // for views that are being loaded
	views    map[*seal.Keyring]*list.Element
	order    *list.List // of cached, last used first
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
		views: map[*seal.Keyring]*list.Element{}, order: list.New(),
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
	defer c.mu.Unlock()
	c.reserved += bytes
	for c.used+c.reserved > c.limit && c.order.Len() > 0 {
		c.remove(c.order.Back())
	}
	c.memory.Set(float64(c.used))
}

func (c *cache) get(keys *seal.Keyring) *view {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.views[keys]
	if !ok {
		return &view{}
	}
	c.order.MoveToFront(at)
	return at.Value.(cached).view
}

// put replaces a tenant's view, unless one that is as new is there.
func (c *cache) put(keys *seal.Keyring, v *view) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.views[keys]; ok {
		if at.Value.(cached).view.covers(v.stamp) {
			return
		}
		c.remove(at)
	}
	c.views[keys] = c.order.PushFront(cached{keys: keys, view: v})
	c.used += v.bytes()
	for c.used+c.reserved > c.limit && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
	c.memory.Set(float64(c.used))
}

func (c *cache) drop(keys *seal.Keyring) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.views[keys]; ok {
		c.remove(at)
		c.memory.Set(float64(c.used))
	}
}

func (c *cache) remove(at *list.Element) {
	gone := c.order.Remove(at).(cached)
	delete(c.views, gone.keys)
	c.used -= gone.view.bytes()
}
