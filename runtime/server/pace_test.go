package server

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pace{patience: 10 * time.Second}
		left := func(n int, want time.Duration) {
			t.Helper()
			if got := time.Until(p.deadline(n)); got != want {
				t.Errorf("after %d bytes and %s: %s left, want %s", p.bytes, p.waited, got, want)
			}
		}
		left(0, 10*time.Second)
		left(minPace, 11*time.Second)

		start := time.Now()
		time.Sleep(4 * time.Second)
		p.passed(minPace, start) // three seconds behind
		left(0, 7*time.Second)

		time.Sleep(time.Minute) // work of ours
		left(0, 7*time.Second)

		p.passed(100*minPace, time.Now()) // far ahead, and still not to be silent for long
		left(0, 10*time.Second)
	})
}
