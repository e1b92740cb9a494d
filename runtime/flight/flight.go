// Package flight shares what many ask for at the same time: one of them makes it.
package flight

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"
)

// Group makes values of a type, those of one owner one at a time. The zero Group is
// ready, and safe for concurrent use.
type Group[T any] struct {
	group singleflight.Group
}

// Do returns what make made for an owner, a pointer, or what somebody else's make does
// who asked before. It goes on for those who wait when the one who began it leaves, at
// most until the timeout. Errors: the context's, of who leaves; make's.
func (g *Group[T]) Do(ctx context.Context, owner any, timeout time.Duration, make func(context.Context) (T, error)) (made T, err error) {
	done := g.group.DoChan(fmt.Sprintf("%p", owner), func() (any, error) {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		return make(shared)
	})
	select {
	case <-ctx.Done():
		return made, ctx.Err()
	case out := <-done:
		made, _ = out.Val.(T)
		return made, out.Err
	}
}
