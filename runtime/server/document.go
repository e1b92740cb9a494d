package server

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
)

const (
	maxExternalID = 512 // bytes
	maxTitle      = 512 // bytes
	maxPage       = 100
	defaultPage   = 20
)

// document is a document in a response.
type document struct {
	Object     string            `json:"object"`
	ID         uuid.UUID         `json:"id"`
	ExternalID string            `json:"external_id"`
	Title      string            `json:"title"`
	MediaType  string            `json:"media_type"`
	Bytes      int64             `json:"bytes"`
	Attributes filter.Attributes `json:"attributes,omitempty"`
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
}

func present(d corpus.Document) document {
	return document{
		Object: "document", ID: d.ID, ExternalID: d.ExternalID, Title: d.Title, MediaType: mediaName(d.Media),
		Bytes: d.Bytes, Attributes: d.Attributes, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
	}
}

func putDocument(x *exchange) error {
	slot, err := x.server.Limits.Upload(x.caller.Tenant)
	if err != nil {
		return err
	}
	defer slot.Done()
	up, err := upload(x, slot)
	if err != nil {
		return err
	}
	if err := slot.Work(x.r.Context()); err != nil {
		return err
	}
	req, err := x.begin(up.ExternalID, "")
	if err != nil {
		return err
	}
	doc, outcome, err := x.server.Corpus.Put(x.r.Context(), req, up)
	if err != nil {
		return err
	}
	if outcome == corpus.Created {
		return x.reply(http.StatusCreated, present(doc))
	}
	return x.reply(http.StatusOK, present(doc))
}

// upload reads and checks a document.
func upload(x *exchange, slot *guard.Upload) (corpus.Upload, error) {
	up := corpus.Upload{ExternalID: x.r.PathValue("ref"), Title: strings.TrimSpace(x.r.URL.Query().Get("title"))}
	if len(up.ExternalID) > maxExternalID || !printable(up.ExternalID) {
		return up, badRequest("invalid_external_id", "Name the document in the path with at most %d bytes of printable UTF-8.", maxExternalID)
	}
	if len(up.Title) > maxTitle || !printable(up.Title) {
		return up, badRequest("invalid_title", "Give a title of at most %d bytes of printable UTF-8, or none.", maxTitle)
	}
	var err error
	if up.Attributes, err = attributesOf(x); err != nil {
		return up, err
	}
	if up.Media, err = mediaOf(x.r.Header.Get("Content-Type")); err != nil {
		return up, err
	}
	if up.Text, err = body(x, x.largestDocument(), codeTooLarge, slot.Receive); err != nil {
		return up, err
	}
	return checkUpload(up)
}

const codeTooLarge = "document_too_large"

// largestDocument is the most bytes that a document of the caller may have.
func (x *exchange) largestDocument() int64 {
	return min(x.caller.Tenant.Limits.DocumentBytes, corpus.MaxDocument, x.server.Limits.LargestUpload())
}

// checkUpload checks what was received, and gives it a title.
func checkUpload(up corpus.Upload) (corpus.Upload, error) {
	if len(up.ExternalID) > maxExternalID || !printable(up.ExternalID) {
		return up, badRequest("invalid_external_id", "Name the document with at most %d bytes of printable UTF-8.", maxExternalID)
	}
	if at := firstInvalid(up.Text); at >= 0 {
		return up, badRequest("invalid_utf8", "The document is not UTF-8 at byte %d: convert it and send it again.", at)
	}
	if len(bytes.TrimSpace(up.Text)) == 0 {
		return up, badRequest("empty_document", "The document has no text: send one that has.")
	}
	if up.Title == "" {
		up.Title = titleOf(up)
	}
	return up, nil
}

// titleOf is a Markdown document's first heading, else its name.
func titleOf(up corpus.Upload) string {
	if up.Media == engine.Markdown {
		for line := range bytes.Lines(up.Text) {
			heading := bytes.TrimLeft(line, "#")
			title := string(bytes.TrimSpace(heading))
			if len(heading) < len(line) && bytes.HasPrefix(heading, []byte(" ")) && title != "" && printable(title) {
				return clip(title, maxTitle)
			}
		}
	}
	return up.ExternalID
}

// clip shortens to at most n bytes between two runes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func listDocuments(x *exchange) error {
	limit, after := defaultPage, uuid.Nil
	query := x.r.URL.Query()
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			return badRequest("invalid_limit", "limit must be a number from 1 to %d.", maxPage)
		}
		limit = n
	}
	if text := query.Get("after"); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return badRequest("invalid_cursor", "after must be the last_id of the page before.")
		}
		after = id
	}
	req, err := x.begin("", "")
	if err != nil {
		return err
	}
	docs, err := x.server.Corpus.List(x.r.Context(), req, after, limit+1)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, page(docs, limit))
}

// listing is a page of documents; the page after begins after LastID.
type listing struct {
	Object  string     `json:"object"`
	Data    []document `json:"data"`
	HasMore bool       `json:"has_more"`
	LastID  string     `json:"last_id,omitempty"`
}

func page(docs []corpus.Document, limit int) listing {
	l := listing{Object: "list", Data: []document{}, HasMore: len(docs) > limit}
	for _, d := range docs[:min(limit, len(docs))] {
		l.Data = append(l.Data, present(d))
		l.LastID = d.ID.String()
	}
	return l
}

func getDocument(x *exchange) error {
	ref := x.r.PathValue("ref")
	req, err := x.begin(ref, "")
	if err != nil {
		return err
	}
	doc, err := x.server.Corpus.Get(x.r.Context(), req, ref)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, present(doc))
}

func getContent(x *exchange) error {
	start, err := offset(x, "start", 0)
	if err != nil {
		return err
	}
	end, err := offset(x, "end", -1)
	if err != nil {
		return err
	}
	return x.sendContent(x.r.PathValue("ref"), start, end)
}

// sendContent sends bytes [start, end) of a document's text.
func (x *exchange) sendContent(ref string, start, end int64) error {
	req, err := x.begin(ref, "")
	if err != nil {
		return err
	}
	content, err := x.server.Corpus.Open(x.r.Context(), req, ref, start, end)
	if err != nil {
		return err
	}
	for content.More() {
		piece, err := content.Next(x.r.Context())
		if err != nil {
			return err
		}
		x.announce(content)
		if err := x.send(piece); err != nil {
			return err
		}
		x.startWork()
	}
	x.announce(content) // of an empty range
	return nil
}

// announce writes the header of a document's content, once.
func (x *exchange) announce(c *corpus.Content) {
	if x.begun {
		return
	}
	x.w.Header().Set("Content-Type", mediaName(c.Media)+"; charset=utf-8")
	x.w.Header().Set("Content-Length", strconv.FormatInt(c.End-c.Start, 10))
	x.header(http.StatusOK)
}

func offset(x *exchange, name string, otherwise int64) (int64, error) {
	text := x.r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, badRequest("invalid_range", "%s must be a number of bytes, 0 or more.", name)
	}
	return n, nil
}

func deleteDocument(x *exchange) error {
	ref := x.r.PathValue("ref")
	req, err := x.begin(ref, "")
	if err != nil {
		return err
	}
	if err := x.server.Corpus.Delete(x.r.Context(), req, ref); err != nil {
		return err
	}
	x.header(http.StatusNoContent)
	return nil
}
