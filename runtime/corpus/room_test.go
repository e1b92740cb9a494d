package corpus

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// However many documents come, they never take more memory than there is.
func TestRoom(t *testing.T) {
	m := newRoom(4000)
	var mu sync.Mutex
	held, most := int64(0), int64(0)
	count := func(n int64) {
		mu.Lock()
		defer mu.Unlock()
		held += n
		most = max(most, held)
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			demand := int64(20 * (1 + i%150))
			leave, err := m.wait(t.Context(), new(seal.Keyring), demand)
			if err != nil {
				t.Error(err)
				return
			}
			count(demand)
			count(-demand)
			leave()
		})
	}
	all.Wait()
	if held != 0 || most > 4000 || len(m.turns) != 0 {
		t.Errorf("%d are held, %d were at most, %d turns are left", held, most, len(m.turns))
	}
}

// Large documents leave room for small ones, and those of a tenant for others'.
func TestRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newRoom(4000)
		loud, other := new(seal.Keyring), new(seal.Keyring)
		enter := func(of *seal.Keyring, demand int64, want error) func() {
			t.Helper()
			leave, err := m.enter(t.Context(), of, demand)
			if !errors.Is(err, want) {
				t.Errorf("%d: %v, want %v", demand, err, want)
			}
			return leave
		}
		enter(loud, 3001, ErrDemand)
		first := enter(loud, 1000, nil)
		enter(loud, 1000, ErrRoom)
		second := enter(other, 2000, nil)
		enter(new(seal.Keyring), 1000, ErrRoom)
		enter(other, 100, nil)()
		first()
		enter(loud, 1000, nil)()
		second()
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.enter(gone, loud, 3000); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
