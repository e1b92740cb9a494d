package memory

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func TestLimit(t *testing.T) {
	cases := map[string]struct {
		container, gomemlimit string
		want                  int64
	}{
		"a container's limit": {"1000000000", "", 900000000},
		"GOMEMLIMIT wins":     {"1000000000", "500MiB", math.MaxInt64},
		"no limit":            {"", "", math.MaxInt64},
		"not a number":        {"1Gi", "", math.MaxInt64},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
			t.Setenv(binding.EnvMemoryLimit, c.container)
			t.Setenv("GOMEMLIMIT", c.gomemlimit)
			Limit()
			if got := debug.SetMemoryLimit(-1); got != c.want {
				t.Errorf("limit %d, want %d", got, c.want)
			}
		})
	}
}

func TestLeave(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	t.Setenv(binding.EnvMemoryLimit, "1000000000")
	Leave(200_000_000)
	if got := debug.SetMemoryLimit(-1); got != 720_000_000 {
		t.Errorf("limit %d, want 720000000", got)
	}
}

func TestSpend(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	for _, c := range []struct {
		container, gogc string
		want            int
	}{{"", "", 100}, {"1000000000", "50", 100}, {"1000000000", "", garbage}} {
		t.Setenv(binding.EnvMemoryLimit, c.container)
		t.Setenv("GOGC", c.gogc)
		Spend()
		if got := debug.SetGCPercent(100); got != c.want {
			t.Errorf("of %q bytes and with GOGC %q: %d percent, want %d", c.container, c.gogc, got, c.want)
		}
	}
}

func TestShare(t *testing.T) {
	t.Setenv(binding.EnvMemoryLimit, "4000")
	if got := Share(4); got != 1000 {
		t.Errorf("a quarter of 4000 is %d", got)
	}
	t.Setenv(binding.EnvMemoryLimit, "")
	if got := Share(4); got != 256<<20 {
		t.Errorf("a quarter of an unknown memory is %d", got)
	}
}
