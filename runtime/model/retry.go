package model

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

const (
	maxAttempts = 4 // of a call
	// The first wait before another attempt and the longest; waits double, and each
	// is cut at random by up to half, so that callers do not come back together.
	firstWait   = 500 * time.Millisecond
	longestWait = 8 * time.Second
	// maxRetryAfter is the longest wait that an endpoint can ask for.
	maxRetryAfter = time.Hour
)

// retry attempts a call until it succeeds, can not, or the next wait would not end
// before the context.
func (c *caller) retry(ctx context.Context, attempt func() error) error {
	wait := firstWait
	for n := 1; ; n++ {
		err := attempt()
		if err == nil || n == maxAttempts || !mayPass(err) {
			return err
		}
		if !sleep(ctx, pause(wait, err)) {
			return err
		}
		wait = min(2*wait, longestWait)
	}
}

// mayPass reports whether another attempt may succeed.
func mayPass(err error) bool {
	if errors.Is(err, outgoing.ErrOrigin) || errors.Is(err, outgoing.ErrAddress) {
		return false
	}
	return errors.Is(err, ErrOverloaded) || errors.Is(err, ErrUnreachable)
}

// pause is at least what the endpoint asked for.
func pause(wait time.Duration, err error) time.Duration {
	wait -= rand.N(wait / 2) //nolint:gosec // it spreads load and guards nothing
	var failure *Error
	if errors.As(err, &failure) {
		wait += failure.RetryAfter
	}
	return wait
}

// sleep reports whether there is time left after the wait. It does not wait in vain.
func sleep(ctx context.Context, wait time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	date, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(0, date.Sub(now)), maxRetryAfter)
}
