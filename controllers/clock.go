package controllers

import (
	"math/rand/v2"
	"time"
)

// Clock tells the time.
type Clock func() time.Time

// jitter spreads requeues over a tenth, so that what waited together does not
// come back together.
func jitter(after time.Duration) time.Duration {
	if after <= 0 {
		return 0
	}
	return after + rand.N(after/10+1) //nolint:gosec // no secret
}

func smallest(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}
