package engine

// Media says how a text is written, which decides what counts as structure in it.
type Media int

const (
	// Plain text has paragraphs and lists.
	Plain Media = iota
	// Markdown also has headings, tables and fenced code (CommonMark 0.31).
	Markdown
)
