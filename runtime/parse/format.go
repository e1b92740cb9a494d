package parse

import "mime"

// format is what files of one kind have in common.
type format struct {
	// read makes text of a file. It writes to w what it finds until w is full.
	read func(w *writer, data []byte, charset string) error
	// inProcess: there is nothing in it to parse.
	inProcess bool
}

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

var formats = map[string]format{
	mediaText:     {read: readPlain, inProcess: true},
	mediaMarkdown: {read: readPlain, inProcess: true},
	mediaHTML:     {read: readHTML},
	mediaXHTML:    {read: readHTML},
	mediaPDF:      {read: readPDF},
	mediaEML:      {read: readEML},
	mediaDOCX:     {read: readDOCX},
	mediaPPTX:     {read: readPPTX},
	mediaXLSX:     {read: readXLSX},
}

// formatOf reads a Content-Type.
func formatOf(contentType string) (f format, media, charset string, err error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return format{}, "", "", because(Unsupported)
	}
	f, known := formats[media]
	if !known {
		return format{}, "", "", because(Unsupported)
	}
	return f, media, params["charset"], nil
}
