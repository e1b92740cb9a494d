package parse

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"unicode/utf8"
)

// readEML reads an e-mail: who wrote it to whom and when, what it says, as plain text
// if it says it so, and the names of its attachments, which are not read.
func readEML(w *writer, data []byte, _ string) error {
	message, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil || len(message.Header) == 0 {
		return because(Malformed)
	}
	m := mailReader{}
	texts, err := m.part(textproto.MIMEHeader(message.Header), message.Body, 0)
	if err != nil {
		return err
	}
	var about []string
	for _, name := range []string{"From", "To", "Cc", "Date"} {
		if value := headerText(message.Header.Get(name)); value != "" {
			about = append(about, name+": "+value)
		}
	}
	w.paragraph(strings.Join(about, "\n"))
	for _, text := range texts {
		if err := text.write(w); err != nil {
			return err
		}
	}
	for i, name := range m.attachments {
		if i == 0 {
			w.paragraph("Attachments:")
		}
		w.item(0, name)
	}
	w.title = headerText(message.Header.Get("Subject"))
	return nil
}

// headerText decodes the words of a header's field.
func headerText(field string) string {
	words := mime.WordDecoder{CharsetReader: decoder}
	if text, err := words.DecodeHeader(field); err == nil {
		field = text
	}
	return cleanLine(field, maxTitle)
}

// mailReader walks the parts of an e-mail.
type mailReader struct {
	parts       int
	attachments []string
}

// mailText is a part that is text.
type mailText struct {
	html    bool
	charset string
	data    []byte
}

// part returns the texts of a part and of those in it.
func (m *mailReader) part(header textproto.MIMEHeader, body io.Reader, depth int) ([]mailText, error) {
	if m.parts++; m.parts > maxParts || depth > maxNesting {
		return nil, because(TooLarge)
	}
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media, params = mediaText, nil // as the standard has it
	}
	disposition, about, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	if err != nil {
		about = nil
	}
	name := about["filename"]
	if name == "" {
		name = params["name"]
	}
	switch {
	case strings.HasPrefix(media, "multipart/"):
		return m.multipart(media, params["boundary"], body, depth)
	case disposition == "attachment" || name != "" || media != mediaText && media != mediaHTML:
		if name == "" {
			name = media
		}
		m.attachments = append(m.attachments, headerText(name))
		return nil, nil
	}
	data, err := io.ReadAll(transferred(header.Get("Content-Transfer-Encoding"), body))
	if err != nil && len(data) == 0 {
		return nil, because(Malformed)
	}
	return []mailText{{html: media == mediaHTML, charset: params["charset"], data: data}}, nil
}

// multipart returns the texts of all parts, or of the best one when they say the
// same.
func (m *mailReader) multipart(media, boundary string, body io.Reader, depth int) ([]mailText, error) {
	var all, best []mailText
	for r := multipart.NewReader(body, boundary); ; {
		part, err := r.NextRawPart()
		if err != nil { // the last one, or what is left is damaged
			break
		}
		texts, err := m.part(part.Header, part, depth+1)
		if err != nil {
			return nil, err
		}
		if best == nil || rank(texts) > rank(best) {
			best = texts
		}
		all = append(all, texts...)
	}
	if media == "multipart/alternative" {
		return best, nil
	}
	return all, nil
}

// rank of an alternative: plain text before HTML, and both before nothing.
func rank(texts []mailText) int {
	rank := 0
	for _, text := range texts {
		if len(bytes.TrimSpace(text.data)) == 0 {
			continue
		}
		if text.html {
			return 1
		}
		rank = 2
	}
	return rank
}

// transferred undoes a transfer encoding.
func transferred(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// write writes a text, whose charset may be wrong or missing in old mail.
func (t mailText) write(w *writer) error {
	if t.html {
		return readHTML(w, t.data, t.charset)
	}
	charset := t.charset
	switch {
	case charset != "":
	case utf8.Valid(t.data):
		charset = "utf-8"
	default:
		charset = "windows-1252"
	}
	text, err := decode(t.data, charset)
	if err != nil {
		return err
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		w.paragraph(paragraph)
	}
	return nil
}
