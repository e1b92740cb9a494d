package corpus

import (
	"context"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// flight is a load of a tenant's view that is under way, for all requests that wait for
// it. Each of them gets the view held, so that it is there still when they come to it.
type flight struct {
	cache   *cache
	waiting int           // requests, until it has landed
	landed  chan struct{} // closed when the view or the error is there
	view    *view
	err     error
}

// join waits for the load of a tenant's view that is under way, or begins one.
func (c *cache) join(keys *seal.Keyring, load func() (*view, error)) *flight {
	c.mu.Lock()
	defer c.unlock()
	f := c.flights[keys]
	if f == nil {
		f = &flight{cache: c, landed: make(chan struct{})}
		c.flights[keys] = f
		go func() {
			v, err := load()
			c.land(keys, f, v, err)
		}()
	}
	f.waiting++
	return f
}

// land hands a loaded view, which is held for it, to all who wait.
func (c *cache) land(keys *seal.Keyring, f *flight, v *view, err error) {
	c.mu.Lock()
	defer c.unlock()
	delete(c.flights, keys)
	if f.err = err; err == nil {
		f.view = v
		v.holders += f.waiting
		c.letGo(v)
	}
	close(f.landed)
}

// wait returns the view, held. Errors: the load's, the context's.
func (f *flight) wait(ctx context.Context) (*view, error) {
	select {
	case <-f.landed:
		return f.view, f.err
	case <-ctx.Done():
		f.leave()
		return nil, ctx.Err()
	}
}

// leave is for who does not wait any longer.
func (f *flight) leave() {
	f.cache.mu.Lock()
	defer f.cache.unlock()
	f.waiting--
	if f.view != nil { // it landed at the last moment
		f.cache.letGo(f.view)
	}
}
