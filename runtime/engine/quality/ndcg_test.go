package quality_test

import (
	"math"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/quality"
)

func TestNDCG(t *testing.T) {
	gains := map[string]float64{"a": 3, "b": 1}
	ideal := 3 + 1/math.Log2(3)
	tests := map[string]struct {
		ranked []string
		k      int
		want   float64
	}{
		"the best ranking":    {[]string{"a", "b", "c"}, 10, 1},
		"the worst first":     {[]string{"b", "a"}, 10, (1 + 3/math.Log2(3)) / ideal},
		"one missing":         {[]string{"c", "a"}, 10, 3 / math.Log2(3) / ideal},
		"the first ones only": {[]string{"c", "a"}, 1, 0},
		"nothing found":       {nil, 10, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := quality.NDCG(test.ranked, gains, test.k); math.Abs(got-test.want) > 1e-12 {
				t.Errorf("NDCG is %v, want %v", got, test.want)
			}
		})
	}
	if got := quality.NDCG([]string{"a"}, nil, 10); got != 0 {
		t.Errorf("NDCG without relevant documents is %v", got)
	}
}

func TestMean(t *testing.T) {
	c := quality.Collection{Queries: []quality.Query{
		{ID: "1", Text: "lift", Gains: map[string]float64{"a": 1}},
		{ID: "b", Text: "flow", Gains: map[string]float64{"a": 1}},
		{ID: "3", Text: "flow", Gains: map[string]float64{"b": 1, "c": 0}},
	}}
	got := c.Mean(1, func(query string) []string {
		return map[string][]string{"lift": {"c", "a"}, "flow": {"b", "a"}}[query]
	})
	if want := (0.0 + 1 + 1) / 3; math.Abs(got-want) > 1e-12 {
		t.Errorf("Mean is %v, want %v: the query itself is no result", got, want)
	}
}
