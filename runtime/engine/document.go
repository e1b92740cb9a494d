package engine

import "github.com/google/uuid"

// Document is what an index is built from. The index keeps its chunks' places and
// terms, never its text.
type Document struct {
	ID    uuid.UUID
	Title string
	Text  string
	// Chunks are as Split made them from Text.
	Chunks []Chunk
	// Attributes are kept with the document, and come with every Hit.
	Attributes []byte
}
