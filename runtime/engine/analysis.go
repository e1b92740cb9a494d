package engine

import (
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
)

// Analyse makes of documents, whose text is in a language, what a segment holds.
// A chunk's title and heading count as its text.
func Analyse(l language.Language, documents []Document) []segment.Document {
	analyser := language.NewAnalyser(l)
	analysed := make([]segment.Document, len(documents))
	for i := range documents {
		d := &documents[i]
		analysed[i] = segment.Document{ID: d.ID, Attributes: d.Attributes}
		for _, c := range d.Chunks {
			terms := segment.Terms{}
			for _, field := range []string{d.Title, c.Heading, c.in(d.Text)} {
				for term := range analyser.Terms(field) {
					terms[term]++
				}
			}
			analysed[i].Chunks = append(analysed[i].Chunks, segment.Chunk{
				Start: uint32(c.Start), End: uint32(c.End), Heading: c.Heading, Terms: terms,
			})
		}
	}
	return analysed
}
