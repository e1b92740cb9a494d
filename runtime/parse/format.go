package parse

import "mime"

// format makes text of files of one kind. It writes to w what it finds until w is full.
type format func(w *writer, data []byte, charset string) error

const (
	mediaText     = "text/plain"
	mediaMarkdown = "text/markdown"
	mediaHTML     = "text/html"
	mediaXHTML    = "application/xhtml+xml"
	mediaPDF      = "application/pdf"
	mediaEML      = "message/rfc822"
	mediaDOCX     = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	mediaPPTX     = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	mediaXLSX     = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// formats are those that a child reads. Plain text and Markdown are text already.
var formats = map[string]format{
	mediaHTML:  readHTML,
	mediaXHTML: readHTML,
	mediaPDF:   readPDF,
	mediaEML:   readEML,
	mediaDOCX:  readDOCX,
	mediaPPTX:  readPPTX,
	mediaXLSX:  readXLSX,
}

// MediaType is that of a Content-Type, when files of it are read, or are text that needs
// no more than Visible. Errors: *Error.
func MediaType(contentType string) (string, error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || formats[media] == nil && media != mediaText && media != mediaMarkdown {
		return "", because(Unsupported)
	}
	return media, nil
}
