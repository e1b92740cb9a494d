package outage

import (
	"testing"
	"time"
)

func TestOneCallPerIntervalGoesThrough(t *testing.T) {
	b, start := NewBreaker(time.Second), time.Now()
	through := func(at time.Duration) (n int) {
		for range 10 {
			if b.MayTry(start.Add(at)) {
				n++
			}
		}
		return n
	}
	if n := through(0); n != 10 {
		t.Errorf("%d of 10 calls go through without an outage", n)
	}
	b.Begin(start)
	if n := through(999 * time.Millisecond); n != 0 {
		t.Errorf("%d calls go through before the interval is over", n)
	}
	if n := through(time.Second); n != 1 {
		t.Errorf("%d calls go through after an interval, want 1", n)
	}
	b.End()
	if n := through(time.Second); n != 10 {
		t.Errorf("%d of 10 calls go through after the outage", n)
	}
}
