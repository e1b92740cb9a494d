package server

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
)

// respondAsync asks to answer before the file is read (RFC 7240).
const respondAsync = "respond-async"

func putDocument(x *exchange) error {
	slot, err := x.server.Limits.Upload(x.caller.Tenant)
	if err != nil {
		return err
	}
	defer slot.Done()
	file, err := receive(x, slot)
	if err != nil {
		return err
	}
	if prefersAsync(x.r.Header) {
		return accept(x, slot, file)
	}
	doc, outcome, err := ingestNow(x, slot, file)
	if err != nil {
		return suggestAsync(err)
	}
	if outcome == corpus.Created {
		return x.reply(http.StatusCreated, x.present(doc))
	}
	return x.reply(http.StatusOK, x.present(doc))
}

// ingestNow makes a document of a file while its sender waits.
func ingestNow(x *exchange, slot *guard.Upload, file corpus.File) (corpus.Document, corpus.Outcome, error) {
	if file.Text() {
		return ingestText(x, slot, file)
	}
	req, err := x.begin(file.ExternalID, "")
	if err != nil {
		return corpus.Document{}, 0, err
	}
	doc, there, err := x.server.Corpus.Unchanged(x.r.Context(), req, file)
	if err != nil || there {
		return doc, corpus.Unchanged, err
	}
	up, err := read(x, slot, file)
	if err != nil {
		return corpus.Document{}, 0, err
	}
	if err := slot.Work(x.r.Context()); err != nil {
		return corpus.Document{}, 0, err
	}
	if err := x.entitled(); err != nil { // reading it may have taken its time
		return corpus.Document{}, 0, err
	}
	return x.server.Corpus.Put(x.r.Context(), req, up)
}

func ingestText(x *exchange, slot *guard.Upload, file corpus.File) (corpus.Document, corpus.Outcome, error) {
	up, err := read(x, slot, file)
	if err != nil {
		return corpus.Document{}, 0, err
	}
	if err := slot.Work(x.r.Context()); err != nil {
		return corpus.Document{}, 0, err
	}
	req, err := x.begin(up.ExternalID, "")
	if err != nil {
		return corpus.Document{}, 0, err
	}
	return x.server.Corpus.Put(x.r.Context(), req, up)
}

// accept queues a file, and answers with how far it is.
func accept(x *exchange, slot *guard.Upload, file corpus.File) error {
	if err := slot.Work(x.r.Context()); err != nil {
		return err
	}
	req, err := x.begin(file.ExternalID, "")
	if err != nil {
		return err
	}
	doc, err := x.server.Corpus.Accept(x.r.Context(), req, file, x.server.QueueLength)
	if err != nil {
		return err
	}
	x.w.Header().Set("Preference-Applied", respondAsync)
	if doc.Status == corpus.Completed {
		return x.reply(http.StatusOK, x.present(doc))
	}
	x.server.Queue.Wake()
	x.w.Header().Set("Location", "/v1/documents/"+doc.ID.String())
	return x.reply(http.StatusAccepted, x.present(doc))
}

// prefersAsync reports whether a Prefer header asks for respond-async.
func prefersAsync(h http.Header) bool {
	for _, value := range h.Values("Prefer") {
		for preference := range strings.SplitSeq(value, ",") {
			name, _, _ := strings.Cut(preference, ";")
			if strings.EqualFold(strings.TrimSpace(name), respondAsync) {
				return true
			}
		}
	}
	return false
}

// receive takes a file in, and checks what can be checked without reading it.
func receive(x *exchange, slot *guard.Upload) (corpus.File, error) {
	file := corpus.File{
		ExternalID: x.r.PathValue("ref"), Title: strings.TrimSpace(x.r.URL.Query().Get("title")),
		ContentType: x.r.Header.Get("Content-Type"),
	}
	var err error
	if file.Attributes, err = attributesOf(x); err != nil {
		return file, err
	}
	if err := x.share(&file); err != nil {
		return file, err
	}
	if err := identify(&file); err != nil {
		return file, err
	}
	if file.Data, err = body(x, largestDocument(x), ingest.CodeTooLarge, slot.Receive); err != nil {
		return file, err
	}
	return file, checkData(file)
}

// identify checks what is said of a file, and finds its type.
func identify(file *corpus.File) (err error) {
	if len(file.ExternalID) > ingest.MaxName || !ingest.Printable(file.ExternalID) {
		return badRequest("invalid_external_id", "Name the document with at most %d bytes of printable UTF-8.", ingest.MaxName)
	}
	if len(file.Title) > ingest.MaxTitle || !ingest.Printable(file.Title) {
		return badRequest("invalid_title", "Give a title of at most %d bytes of printable UTF-8, or none.", ingest.MaxTitle)
	}
	if file.Type, err = parse.MediaType(file.ContentType); err != nil {
		return err
	}
	if file.Text() && !utf8Named(file.ContentType) {
		return unsupported("Send the document in UTF-8, the only charset of text that is read.")
	}
	return nil
}

// checkData checks what was received of a file that is text.
func checkData(file corpus.File) error {
	if !file.Text() {
		return nil
	}
	return checkText(file.Data)
}

// largestDocument is the most bytes that a document of the caller may have, as it is
// sent and as text.
func largestDocument(x *exchange) int64 {
	return min(x.caller.Tenant.Limits.DocumentBytes, corpus.MaxDocument, x.server.Limits.LargestUpload())
}

// read makes text of a file.
func read(x *exchange, slot *guard.Upload, file corpus.File) (corpus.Upload, error) {
	up, err := ingest.Read(x.r.Context(), x.server.Parser, slot.Parse, file, largestDocument(x))
	if errors.Is(err, ingest.ErrText) {
		err = problem{
			http.StatusRequestEntityTooLarge, invalid, ingest.CodeTooLarge,
			fmt.Sprintf("The text of the document has more than %d bytes: split it and send the parts.", largestDocument(x)), 0,
		}
	}
	return up, err
}

// utf8Named reports whether a Content-Type names no other charset than UTF-8.
func utf8Named(contentType string) bool {
	_, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// checkText refuses what is no text.
func checkText(text []byte) error {
	if at := firstInvalid(text); at >= 0 {
		return badRequest("invalid_utf8", "The document is not UTF-8 at byte %d: convert it and send it again.", at)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return badRequest("empty_document", "The document has no text: send one that has.")
	}
	return nil
}

// firstInvalid is the offset of the first byte that is not UTF-8, or -1.
func firstInvalid(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// mediaName is the type of a document's text.
func mediaName(m engine.Media) string {
	if m == engine.Markdown {
		return corpus.MarkdownText
	}
	return corpus.PlainText
}
