package controllers

import (
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// TestTenThousandTenantsCostAWriteInHalfAMinute, and their number is written as
// soon as it rests.
func TestTenThousandTenantsCostAWriteInHalfAMinute(t *testing.T) {
	var counts planCounts
	now, tenants, writes := time.Now(), 0, 0
	look := func() (wait time.Duration) {
		status := v1alpha1.PlanStatus{Tenants: ptr.To(int32(tenants))}
		if wait = counts.wait("p", &status, now); wait == 0 {
			writes++
		}
		return wait
	}
	for range 100 { // five minutes
		tenants += 100
		look()
		now = now.Add(countPause)
	}
	if writes < 8 || writes > 10 {
		t.Errorf("%d writes in five minutes", writes)
	}
	tenants++
	rests := now
	for look() > 0 {
		now = now.Add(countPause)
	}
	if took := now.Sub(rests); took > 2*countPause {
		t.Errorf("the last number was written after %s", took)
	}
}
