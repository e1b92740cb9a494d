package figure

import (
	"math"
	"strings"
	"testing"
)

func TestPrint(t *testing.T) {
	var out strings.Builder
	one := Figure{Bench: "quality", Case: "cranfield/bm25", Metric: "ndcg10", Value: 0.52512, N: 225}
	if err := one.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := `BENCH {"bench":"quality","case":"cranfield/bm25","metric":"ndcg10","value":0.525,"unit":"","n":225}` + "\n"
	if out.String() != want {
		t.Errorf("got %s want %s", out.String(), want)
	}
	if err := (Figure{Value: math.NaN()}).Print(&out); err == nil {
		t.Error("no number is no error")
	}
}
