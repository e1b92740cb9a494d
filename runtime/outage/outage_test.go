package outage

import (
	"testing"
	"time"
)

func TestOneCallPerIntervalGoesThrough(t *testing.T) {
	b, now := NewBreaker(time.Second), time.Now()
	if !b.MayTry(now) || !b.MayTry(now) {
		t.Error("a call is refused without an outage")
	}
	b.Begin(now)
	if b.MayTry(now.Add(999 * time.Millisecond)) {
		t.Error("a call goes through before the interval is over")
	}
	after := now.Add(time.Second)
	if !b.MayTry(after) || b.MayTry(after) {
		t.Error("not exactly one call goes through after an interval")
	}
	b.End()
	if !b.MayTry(after) || !b.MayTry(after) {
		t.Error("a call is refused after the outage")
	}
}
