package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/bulkhead-dev/bulkhead/hack/bench/figure"
	"github.com/bulkhead-dev/bulkhead/hack/cache"
)

// start is what was there when the demo began; it decides what its time is the time of.
type start struct {
	known  bool     // a cluster of before is used again
	cached []string // the programs and images that need not be built
}

func (d *demo) start() start {
	return start{known: d.cluster.Known() && !d.fresh, cached: cached()}
}

// figure prints how long the whole took.
func (d *demo) figure(s start) error {
	return figure.Figure{
		Bench: "demo", Case: s.kind(cached()), Metric: "wall", Value: d.report.Elapsed().Seconds(), Unit: "s", N: 1,
	}.Print(os.Stdout)
}

// kind names the case: cold if anything had to be built.
func (s start) kind(now []string) string {
	switch {
	case s.known:
		return "rerun"
	case slices.Equal(s.cached, now):
		return "warm"
	}
	return "cold"
}

// cached lists the cache. One that cannot be read is as good as empty.
func cached() []string {
	dir, err := cache.Default()
	if err != nil {
		return nil
	}
	entries, _ := filepath.Glob(dir.Path("*", "*-*"))
	return entries
}
