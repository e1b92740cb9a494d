package component

import (
	"testing"
	"time"
)

// TestProbesSpread: what was found in order at one moment, after a restart or
// after it was made, is looked at again over minutes, and within the interval.
func TestProbesSpread(t *testing.T) {
	now := time.Unix(0, 0)
	for name, wait := range map[string]func(p *Probes[int]) time.Duration{
		"made":           func(p *Probes[int]) time.Duration { return p.Done("a", 1, now) },
		"found in order": func(p *Probes[int]) time.Duration { return p.Due("a", 1, true, now) },
	} {
		first, last := ProbeInterval, time.Duration(0)
		for range 500 {
			var p Probes[int]
			waits := wait(&p)
			if waits < 0 || waits > ProbeInterval || p.Due("a", 1, true, now) != waits {
				t.Fatalf("%s: looked at after %s, then after %s", name, waits, p.Due("a", 1, true, now))
			}
			first, last = min(first, waits), max(last, waits)
		}
		if last-first < 4*time.Minute {
			t.Errorf("%s: all between %s and %s", name, first, last)
		}
	}
}

func TestProbes(t *testing.T) {
	now := time.Unix(0, 0)
	var p Probes[int]
	if p.Due("a", 1, false, now) != 0 {
		t.Error("what was never in order is left alone")
	}
	p.Done("a", 1, now)
	if p.Due("a", 2, true, now) != 0 {
		t.Error("a change is not looked at")
	}
	if p.Hasten("a", now); p.Due("a", 1, true, now) != hastened {
		t.Error("a complaint is not looked at soon")
	}
	if p.Due("a", 1, true, now.Add(ProbeInterval)) != 0 {
		t.Error("not due after the interval")
	}
	p.Forget("a")
	if p.Due("a", 1, false, now) != 0 {
		t.Error("what was forgotten is left alone")
	}
}
