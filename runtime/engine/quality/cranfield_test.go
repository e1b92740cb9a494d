package quality_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/quality"
)

func TestReadCranfield(t *testing.T) {
	folder := fstest.MapFS{
		"cran.all.1400": {Data: []byte(".I 1\n.T\nwings\n.A\nsmith\n.W\nwings\nlift .\n.I 2\n.T\nflow\n.W\nflow\n")},
		"cran.qry":      {Data: []byte(".I 001\n.W\nlift\n.I 004\n.W\nflow\n.I 005\n.W\nheat\n.I 006\n.W\ndrag\n")},
		"cranqrel":      {Data: []byte("1 1 2\n1 2 5\n2 2 -1\n3 1 5\n")},
	}
	got, err := quality.ReadCranfield(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := &quality.Collection{
		Documents: []quality.Document{{ID: "1", Title: "wings\n", Text: "wings\nlift .\n"}, {ID: "2", Title: "flow\n", Text: "flow\n"}},
		Queries: []quality.Query{
			{ID: "1", Text: "lift\n", Gains: map[string]float64{"1": 1}},
			{ID: "2", Text: "flow\n", Gains: map[string]float64{"2": 1}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadCranfield (-want +got):\n%s", diff)
	}
	folder["cranqrel"].Data = []byte("7 1 2\n")
	if _, err := quality.ReadCranfield(folder); err == nil {
		t.Error("a judgement of a query that is not there is no error")
	}
}
