package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

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
	line, err := json.Marshal(struct {
		Bench  string  `json:"bench"`
		Case   string  `json:"case"`
		Metric string  `json:"metric"`
		Value  float64 `json:"value"`
		Unit   string  `json:"unit"`
		N      int     `json:"n"`
	}{"demo", s.kind(cached()), "wall", math.Round(d.report.Elapsed().Seconds()*10) / 10, "s", 1})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "BENCH %s\n", line)
	return err
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
