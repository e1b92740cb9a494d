package guard_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

func upload(t *testing.T, l *guard.Limits, of *tenants.Tenant) *guard.Upload {
	t.Helper()
	u, err := l.Upload(of)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUploadsOfOneTenant(t *testing.T) {
	l, loud, other := guard.NewLimits(10, 1, 1000), tenant(1, 2), tenant(1, 2)
	first := upload(t, l, loud)
	upload(t, l, loud)
	if _, err := l.Upload(loud); !errors.Is(err, guard.ErrIngests) {
		t.Errorf("a third: %v", err)
	}
	upload(t, l, other)
	first.Done()
	upload(t, l, loud)
}

func TestUploadsShareMemory(t *testing.T) {
	l, loud, other, third := guard.NewLimits(10, 1, 1000), tenant(1, 2), tenant(1, 2), tenant(1, 2)
	big, more := upload(t, l, loud), upload(t, l, loud)
	if err := big.Receive(500); err != nil {
		t.Errorf("half of the memory: %v", err)
	}
	if err := more.Receive(1); !errors.Is(err, guard.ErrIngests) {
		t.Errorf("more than half of the memory: %v", err)
	}
	if err := upload(t, l, other).Receive(500); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	late := upload(t, l, third)
	if err := late.Receive(1); !errors.Is(err, guard.ErrLoad) {
		t.Errorf("more than all of the memory: %v", err)
	}
	big.Done()
	if err := late.Receive(500); err != nil {
		t.Errorf("after one ended: %v", err)
	}
}

func TestUploadsAreWorkedOnInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, loud, other := guard.NewLimits(10, 1, 1000), tenant(1, 2), tenant(1, 2)
		first, second := upload(t, l, loud), upload(t, l, other)
		if err := first.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := second.Work(t.Context()); !errors.Is(err, guard.ErrLoad) {
			t.Errorf("a second: %v", err)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if err := second.Work(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("a client that left: %v", err)
		}
		first.Done()
		if err := second.Work(t.Context()); err != nil {
			t.Errorf("after the first: %v", err)
		}
	})
}
