package quality_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/quality"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

var cranfield = flag.String("cranfield", "", "folder of the Cranfield collection, for BenchmarkCranfield")

// BenchmarkCranfield measures the ranking of whole documents:
//
//	go test ./runtime/engine/quality -run '^$' -bench Cranfield -benchtime 1x -cranfield DIR
func BenchmarkCranfield(b *testing.B) {
	if *cranfield == "" {
		b.Skip("no collection: give its folder by -cranfield")
	}
	collection, err := quality.ReadCranfield(os.DirFS(*cranfield))
	if err != nil {
		b.Fatal(err)
	}
	index, names := wholeDocuments(collection)
	for b.Loop() {
		mean := collection.Mean(10, func(query string) []string {
			var ranked []string
			for _, hit := range index.Search(query, 10) {
				ranked = append(ranked, names[hit.Document])
			}
			return ranked
		})
		b.ReportMetric(mean, "nDCG@10")
	}
}

// wholeDocuments indexes each document as one chunk, as published figures do.
func wholeDocuments(c *quality.Collection) (*engine.Index, map[uuid.UUID]string) {
	names := map[uuid.UUID]string{}
	var documents []engine.Document
	for _, d := range c.Documents {
		id := uuid.NewSHA1(uuid.Nil, []byte(d.ID))
		names[id] = d.ID
		documents = append(documents, engine.Document{
			ID: id, Title: d.Title, Text: d.Text,
			Chunks: []engine.Chunk{{End: len(d.Text)}},
		})
	}
	encoded, err := segment.Build(engine.Analyse(language.English, documents))
	if err != nil {
		panic(err)
	}
	opened, err := segment.Open(encoded)
	if err != nil {
		panic(err)
	}
	return engine.NewIndex(language.English, []engine.Part{{Segment: opened}}), names
}
