package parse

import "github.com/bulkhead-dev/bulkhead/runtime/engine"

// Text is what a file says.
type Text struct {
	// Title is the one that the file says it has, one line; often empty.
	Title string
	// Body is not blank.
	Body string
	// Media is how Body is written: Plain for plain text, else Markdown.
	Media engine.Media
}
