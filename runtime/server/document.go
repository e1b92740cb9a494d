package server

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
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
	Owner      string            `json:"owner,omitempty"`
	Principals []string          `json:"principals,omitzero"` // told to who may change it
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
	Status     corpus.Status     `json:"status"`
	LastError  *lastError        `json:"last_error,omitempty"`
}

// lastError is why an upload became no document.
type lastError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (x *exchange) present(d corpus.Document) document {
	shown := document{
		Object: "document", ID: d.ID, ExternalID: d.ExternalID, Title: d.Title, MediaType: cmp.Or(d.Type, mediaName(d.Media)),
		Bytes: d.Bytes, Attributes: d.Attributes, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
		Status: d.Status, Owner: d.Access.Owner,
	}
	if x.caller.Caller.Changes(d.Access) {
		shown.Principals = d.Access.Principals
	}
	if d.Code != "" {
		shown.LastError = &lastError{d.Code, ingest.Message(d.Code)}
	}
	return shown
}

func listDocuments(x *exchange) error {
	query := x.r.URL.Query()
	limit, err := pageLimit(query)
	if err != nil {
		return err
	}
	after, err := pageCursor(query, uuid.Nil)
	if err != nil {
		return err
	}
	status := corpus.Status(cmp.Or(query.Get("status"), string(corpus.Completed)))
	if !slices.Contains([]corpus.Status{corpus.Completed, corpus.InProgress, corpus.Failed}, status) {
		return badRequest("invalid_status", "status must be completed, in_progress or failed.")
	}
	req, err := x.begin("", "")
	if err != nil {
		return err
	}
	docs, err := list(x, req, status, after, limit+1)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, x.page(docs, limit))
}

// list reads documents, or uploads that are none.
func list(x *exchange, req corpus.Request, status corpus.Status, after uuid.UUID, limit int) ([]corpus.Document, error) {
	if status == corpus.Completed {
		return x.server.Corpus.List(x.r.Context(), req, after, limit)
	}
	return x.server.Corpus.Pending(x.r.Context(), req, status, after, limit)
}

// listing is a page of documents; the page after begins after LastID.
type listing struct {
	Object  string     `json:"object"`
	Data    []document `json:"data"`
	HasMore bool       `json:"has_more"`
	LastID  string     `json:"last_id,omitempty"`
}

func (x *exchange) page(docs []corpus.Document, limit int) listing {
	l := listing{Object: "list", Data: []document{}, HasMore: len(docs) > limit}
	for _, d := range docs[:min(limit, len(docs))] {
		l.Data = append(l.Data, x.present(d))
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
	return x.reply(http.StatusOK, x.present(doc))
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

// updateDocument changes what is said of a document, and leaves its text.
func updateDocument(x *exchange) error {
	var asked struct {
		Principals *[]string       `json:"principals"`
		Attributes json.RawMessage `json:"attributes"`
	}
	if err := decode(x, &asked); err != nil {
		return err
	}
	if asked.Principals == nil && asked.Attributes == nil {
		return missing("principals")
	}
	var principals []string
	if asked.Principals != nil {
		var err error
		if principals, err = checkPrincipals("principals", *asked.Principals); err != nil {
			return err
		}
	}
	given, err := filter.ParseAttributes("attributes", asked.Attributes)
	if err != nil {
		return wrongAttribute(err, "invalid_attributes")
	}
	ref := x.r.PathValue("ref")
	req, err := x.begin(ref, "")
	if err != nil {
		return err
	}
	doc, err := x.server.Corpus.Amend(x.r.Context(), req, ref, func(a *corpus.Amendment) error {
		if asked.Principals != nil {
			a.Principals = principals
		}
		if asked.Attributes != nil {
			a.Attributes = given
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, x.present(doc))
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
