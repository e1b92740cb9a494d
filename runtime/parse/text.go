package parse

// Text is what a file says.
type Text struct {
	// Title is the one that the file says it has, one line; often empty.
	Title string
	// Body is Markdown, and not blank.
	Body string
}
