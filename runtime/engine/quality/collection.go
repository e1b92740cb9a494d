// Package quality measures how well an engine ranks, on test collections whose
// relevant documents people have judged.
package quality

// Collection is a set of documents, queries and judgements.
type Collection struct {
	Documents []Document
	Queries   []Query
}

// Document is a document of a collection.
type Document struct{ ID, Title, Text string }

// Query is a query of a collection.
type Query struct {
	Text  string
	Gains map[string]float64 // what each relevant document is worth, by its ID
}
