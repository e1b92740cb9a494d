// Package poll waits for something to come true.
package poll

import (
	"context"
	"fmt"
	"time"
)

// Until calls try every interval until it returns nil, and says why it last did not if ctx ends first.
func Until(ctx context.Context, interval time.Duration, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last seen: %w", context.Cause(ctx), err)
		case <-time.After(interval):
		}
	}
}
