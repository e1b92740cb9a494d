package quality_test

import (
	"math"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

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

func TestReadCranfield(t *testing.T) {
	folder := fstest.MapFS{
		"cran.all.1400": {Data: []byte(".I 1\n.T\nwings\n.A\nsmith\n.W\nwings\nlift .\n.I 2\n.T\nflow\n.W\nflow\n")},
		"cran.qry":      {Data: []byte(".I 001\n.W\nlift\n.I 004\n.W\nflow\n")},
		"cranqrel":      {Data: []byte("1 1 2\n2 2 -1\n")},
	}
	got, err := quality.ReadCranfield(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := &quality.Collection{
		Documents: []quality.Document{{ID: "1", Title: "wings\n", Text: "wings\nlift .\n"}, {ID: "2", Title: "flow\n", Text: "flow\n"}},
		Queries: []quality.Query{
			{Text: "lift\n", Gains: map[string]float64{"1": 1}},
			{Text: "flow\n", Gains: map[string]float64{"2": 1}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadCranfield (-want +got):\n%s", diff)
	}
	mean := got.Mean(10, func(string) []string { return []string{"1"} })
	if mean != 0.5 {
		t.Errorf("Mean is %v", mean)
	}
	folder["cranqrel"].Data = []byte("3 1 2\n")
	if _, err := quality.ReadCranfield(folder); err == nil {
		t.Error("a judgement of a query that is not there is no error")
	}
}
