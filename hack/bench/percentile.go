package main

import (
	"slices"
	"time"
)

// percentile is the smallest value that at least so many percent of all values do not exceed.
func percentile(values []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}
