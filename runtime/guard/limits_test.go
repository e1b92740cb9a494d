package guard_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

func tenant(perMinute, ingests int32) *tenants.Tenant {
	return &tenants.Tenant{Binding: binding.Binding{
		Tenant: binding.Tenant{ID: uuid.New()}, State: binding.Active, Containment: binding.ContainmentNone,
		Limits: binding.Limits{RequestsPerMinute: perMinute, ConcurrentIngests: ingests},
	}}
}

func TestRequestsAMinute(t *testing.T) {
	l, loud, other := guard.NewLimits(10, 10, 1000), tenant(3, 1), tenant(3, 1)
	for i := range 3 {
		a, err := l.Take(loud)
		if err != nil || a.Limit != 3 || int(a.Remaining) != 2-i {
			t.Errorf("request %d: %+v, %v", i, a, err)
		}
	}
	a, err := l.Take(loud)
	if !errors.Is(err, guard.ErrRate) || a.Retry <= 0 || a.Retry > 21e9 {
		t.Errorf("over the limit: %+v, %v", a, err)
	}
	if _, err := l.Take(other); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	more := *loud
	more.Limits.RequestsPerMinute = 6000 // a hundred a second
	if a, _ := l.Take(&more); a.Limit != 6000 || a.Retry > 1e9 {
		t.Errorf("after a change of plan: %+v", a)
	}
}

func TestInFlight(t *testing.T) {
	l := guard.NewLimits(1, 1, 1000)
	leave, err := l.Enter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Enter(); !errors.Is(err, guard.ErrLoad) {
		t.Errorf("a second: %v", err)
	}
	leave()
	if _, err := l.Enter(); err != nil {
		t.Errorf("after the first: %v", err)
	}
}

func TestOneTenantsRequestsInFlight(t *testing.T) {
	l, loud, other := guard.NewLimits(8, 1, 1000), tenant(1, 1), tenant(1, 1)
	first, err := l.Hold(loud)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Hold(loud); err != nil {
		t.Errorf("a second: %v", err)
	}
	if _, err := l.Hold(loud); !errors.Is(err, guard.ErrConcurrency) {
		t.Errorf("more than a quarter: %v", err)
	}
	if _, err := l.Hold(other); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	first()
	if _, err := l.Hold(loud); err != nil {
		t.Errorf("after one ended: %v", err)
	}
}
