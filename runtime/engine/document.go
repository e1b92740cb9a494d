package engine

import "github.com/google/uuid"

// Document is what an index is built from. The index keeps its chunks' places and
// terms, never its text.
type Document struct {
	ID     uuid.UUID
	Title  string
	Text   string
	Chunks []Chunk // as Split made them from Text
}
