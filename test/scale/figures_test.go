package scale

import (
	"math"
	"strings"
	"testing"
)

func TestFigures(t *testing.T) {
	var out strings.Builder
	f := figures{out: &out, tenants: 100}
	f.printWithin("all_ready", 12.34567, 240, "s")
	want := `BENCH {"bench":"operator","case":"100","metric":"all_ready","value":12.346,"unit":"s","n":100}` + "\n"
	if out.String() != want || len(f.unmet) != 0 {
		t.Errorf("got %s, unmet %v; want %s", out.String(), f.unmet, want)
	}
	f.printWithin("steady_writes", 1, 0, "writes")
	f.print("nonsense", math.NaN(), "s")
	if len(f.unmet) != 2 || !strings.Contains(f.unmet[0], "steady_writes is 1.000 writes and may be 0 at most") {
		t.Errorf("unmet %q", f.unmet)
	}
}
