package flight_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/flight"
)

// Whoever asks during a load gets what that loads, also when that one leaves.
func TestOneLoadsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var group flight.Group[int]
		owner, made := new(int), 0
		slowly := func(ctx context.Context) (int, error) {
			time.Sleep(time.Second)
			made++
			return made, ctx.Err()
		}
		leaving, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := group.Do(leaving, owner, time.Minute, slowly)
			left <- err
		}()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves gets %v", err)
		}
		if got, err := group.Do(t.Context(), owner, time.Minute, slowly); got != 1 || err != nil {
			t.Errorf("who comes gets %d, %v", got, err)
		}
		if got, err := group.Do(t.Context(), new(int), time.Minute, slowly); got != 2 || err != nil {
			t.Errorf("another owner gets %d, %v", got, err)
		}
		_, err := group.Do(t.Context(), owner, time.Millisecond, slowly)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("what takes too long ends with %v", err)
		}
	})
}
