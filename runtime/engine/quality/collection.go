// Package quality measures how well an engine ranks, on test collections whose
// relevant documents people have judged.
package quality

// Collection is a set of documents, queries and judgements.
type Collection struct {
	Documents []Document
	Queries   []Query // those with a judgement
}

// Document is a document of a collection.
type Document struct{ ID, Title, Text string }

// Query is a query of a collection.
type Query struct {
	ID, Text string
	Gains    map[string]float64 // what each judged document is worth, by its ID
}
