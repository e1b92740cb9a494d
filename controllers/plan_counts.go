package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/rollout"
)

const (
	// countPause is between two looks at the numbers of a plan at rest.
	countPause = 3 * time.Second
	// countLimit is how long numbers that go on moving may stay unwritten.
	countLimit = 30 * time.Second
)

// planCounts bounds how often the numbers of plans are written: when they have
// come to rest, and else twice a minute, however many tenants come and go.
type planCounts struct {
	mu     sync.Mutex
	moving map[string]counted
}

// counted are numbers that are not written yet, and since when there were such.
type counted struct {
	tenants, updated int32
	since            time.Time
}

// wait returns how long a plan's numbers have to wait; zero: they may be written.
func (c *planCounts) wait(plan string, status *v1alpha1.PlanStatus, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, known := c.moving[plan]
	seen := counted{tenants: ptr.Deref(status.Tenants, 0), updated: ptr.Deref(status.Updated, 0), since: last.since}
	if known && (seen == last || now.Sub(last.since) >= countLimit) {
		delete(c.moving, plan)
		return 0
	}
	if !known {
		seen.since = now
	}
	if c.moving == nil {
		c.moving = map[string]counted{}
	}
	c.moving[plan] = seen
	return countPause
}

// onlyCounts reports whether nothing but the numbers of a plan at rest differs.
func onlyCounts(before, after *v1alpha1.PlanStatus) bool {
	return before.Admitted == rollout.Everyone && before.Revision == after.Revision &&
		before.ObservedGeneration == after.ObservedGeneration && !equality.Semantic.DeepEqual(before, after)
}
