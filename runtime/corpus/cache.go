package corpus

import (
	"container/list"
	"sync"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"
)

// cache keeps tenants' views, at most about limit bytes of them; the one that
// was used longest ago goes first.
type cache struct {
	limit  int64
	loads  singleflight.Group
	memory prometheus.Gauge

	mu    sync.Mutex
	used  int64
	views map[uuid.UUID]*list.Element
	order *list.List // of cached, last used first
}

type cached struct {
	tenant uuid.UUID
	view   *view
}

func newCache(limit int64, metrics prometheus.Registerer) *cache {
	memory := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "bulkhead_index_bytes", Help: "Approximate memory of the search indexes.",
	})
	metrics.MustRegister(memory)
	return &cache{limit: limit, memory: memory, views: map[uuid.UUID]*list.Element{}, order: list.New()}
}

func (c *cache) get(tenant uuid.UUID) *view {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.views[tenant]
	if !ok {
		return &view{}
	}
	c.order.MoveToFront(at)
	return at.Value.(cached).view
}

// put replaces a tenant's view, unless one that is as new is there.
func (c *cache) put(tenant uuid.UUID, v *view) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.views[tenant]; ok {
		if at.Value.(cached).view.covers(v.stamp) {
			return
		}
		c.remove(at)
	}
	c.views[tenant] = c.order.PushFront(cached{tenant: tenant, view: v})
	c.used += v.bytes
	for c.used > c.limit && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
	c.memory.Set(float64(c.used))
}

func (c *cache) drop(tenant uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.views[tenant]; ok {
		c.remove(at)
		c.memory.Set(float64(c.used))
	}
}

func (c *cache) remove(at *list.Element) {
	gone := c.order.Remove(at).(cached)
	delete(c.views, gone.tenant)
	c.used -= gone.view.bytes
}
