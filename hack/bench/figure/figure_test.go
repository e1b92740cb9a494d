package figure

import (
	"strings"
	"testing"
)

func TestPrint(t *testing.T) {
	var out strings.Builder
	f := Figure{Bench: "provision", Case: "serial", Metric: "p50", Value: 0.70049, Unit: "s", N: 100}
	if err := f.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := `BENCH {"bench":"provision","case":"serial","metric":"p50","value":0.7,"unit":"s","n":100}` + "\n"
	if out.String() != want {
		t.Errorf("got %s want %s", out.String(), want)
	}
}
