// Package flight shares what many want to load at the same time: one of them does.
package flight

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"
)

// Group loads values of a type, those of one owner one at a time. The zero Group is
// ready, and safe for concurrent use.
type Group[T any] struct {
	group singleflight.Group
}

// Do returns what load does for an owner, a pointer, or what the load of somebody who
// asked before does. It goes on for those who wait when the one who began it leaves, at
// most until the timeout. Errors: the context's, of who leaves; load's.
func (g *Group[T]) Do(ctx context.Context, owner any, timeout time.Duration, load func(context.Context) (T, error)) (loaded T, err error) {
	done := g.group.DoChan(fmt.Sprintf("%p", owner), func() (any, error) {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		return load(shared)
	})
	select {
	case <-ctx.Done():
		return loaded, ctx.Err()
	case out := <-done:
		loaded, _ = out.Val.(T)
		return loaded, out.Err
	}
}
