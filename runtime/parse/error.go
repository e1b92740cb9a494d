package parse

// Error says why a file gives no text.
type Error struct{ Reason Reason }

// Reason is for programs: it stays the same when the message changes.
type Reason string

// The reasons.
const (
	Unsupported Reason = "unsupported_type"
	Charset     Reason = "unknown_charset"
	Encrypted   Reason = "encrypted"
	TooLarge    Reason = "too_large"
	TimedOut    Reason = "timed_out"
	OutOfMemory Reason = "out_of_memory"
	Malformed   Reason = "malformed"
	NoText      Reason = "no_text"
)

var advice = map[Reason]string{
	Unsupported: "Files of this type are not read: send text, Markdown, HTML, PDF, DOCX, PPTX, XLSX or EML, with its Content-Type.",
	Charset:     "The text is not UTF-8, and no known charset is named: convert it to UTF-8 and send it again.",
	Encrypted:   "The file is encrypted: remove its password and send it again.",
	TooLarge:    "The file, or what it holds, is too large: split it and send the parts.",
	TimedOut:    "Reading the file takes too long: split it, or save it anew in a simpler form, and send that.",
	OutOfMemory: "Reading the file takes too much memory: split it, or save it anew without pictures, and send that.",
	Malformed:   "The file is damaged or is not what its Content-Type says: save it anew and send that.",
	NoText:      "The file has no text. When it is a scan, run text recognition on it and send the result.",
}

func (e *Error) Error() string { return advice[e.Reason] }

func because(r Reason) error { return &Error{Reason: r} }
