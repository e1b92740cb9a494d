package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// file is a document in the shape of OpenAI: its name is the external id, and one
// that is uploaded under the same name replaces it.
type file struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Bytes     int64  `json:"bytes"`
	CreatedAt int64  `json:"created_at"`
	Filename  string `json:"filename"`
	Purpose   string `json:"purpose"`
	Status    string `json:"status"`
	// StatusDetails is why the newest upload could not be read.
	StatusDetails string `json:"status_details,omitempty"`
}

// fileStates are how far a file is, in OpenAI's words.
var fileStates = map[corpus.Status]string{
	corpus.Completed: "processed", corpus.InProgress: "uploaded", corpus.Failed: "error",
}

// The purposes of files. It makes no difference which one is said.
const (
	forAssistants = "assistants"
	forUserData   = "user_data"
)

func presentFile(d corpus.Document) file {
	f := file{
		ID: fileID(d.ID), Object: "file", Bytes: d.Bytes, CreatedAt: d.CreatedAt.Unix(), Filename: d.ExternalID,
		Purpose: d.Purpose, Status: fileStates[d.Status],
	}
	if d.Code != "" {
		f.StatusDetails = ingest.Message(d.Code)
	}
	if f.Purpose == "" {
		f.Purpose = forUserData
	}
	return f
}

const filePrefix = "file-"

// fileID is how a document is named in the shapes of OpenAI.
func fileID(document uuid.UUID) string { return filePrefix + document.String() }

// documentOf is the id of the document that a file is. Errors: store.ErrNotFound.
func documentOf(file string) (string, error) {
	id, err := parseID(filePrefix, file)
	if err != nil {
		return "", store.ErrNotFound
	}
	return id.String(), nil
}

func parseID(prefix, text string) (uuid.UUID, error) {
	bare, _ := strings.CutPrefix(text, prefix)
	return uuid.Parse(bare)
}

// onePage is a page of a list in the shape of OpenAI.
type onePage[T any] struct {
	Object  string  `json:"object"`
	Data    []T     `json:"data"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
	HasMore bool    `json:"has_more"`
}

// newPage presents at most limit of all.
func newPage[D, T any](all []D, limit int, present func(D) T, id func(T) string) onePage[T] {
	p := onePage[T]{Object: "list", Data: []T{}, HasMore: len(all) > limit}
	for _, one := range all[:min(limit, len(all))] {
		p.Data = append(p.Data, present(one))
	}
	if n := len(p.Data); n > 0 {
		first, last := id(p.Data[0]), id(p.Data[n-1])
		p.FirstID, p.LastID = &first, &last
	}
	return p
}

const maxListed = 10_000 // that a client may ask for; it gets maxPage at most

// paging reads where a page begins and how long it is. Lists are in the order in
// which things were made.
func paging(x *exchange, prefix string, otherwise int) (limit int, after uuid.UUID, err error) {
	query := x.r.URL.Query()
	limit = otherwise
	for name := range query {
		value := query.Get(name)
		switch name {
		case "limit":
			if limit, err = strconv.Atoi(value); err != nil || limit < 1 || limit > maxListed {
				return 0, after, wrong(name, "invalid_value", "limit must be a whole number from 1 to %d.", maxListed)
			}
		case "after":
			if after, err = parseID(prefix, value); err != nil {
				return 0, after, wrong(name, "invalid_value", "after must be the last_id of the page before.")
			}
		case "order":
			if value != "asc" {
				return 0, after, unsupportedParameter(name, "lists are in ascending order")
			}
		default:
			return 0, after, unsupportedParameter(name, "it is not known to lists")
		}
	}
	return min(limit, maxPage), after, nil
}

func listFiles(x *exchange) error {
	limit, after, err := paging(x, filePrefix, maxPage)
	if err != nil {
		return err
	}
	req, err := x.begin("", "")
	if err != nil {
		return err
	}
	docs, err := x.server.Corpus.List(x.r.Context(), req, after, limit+1)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, newPage(docs, limit, presentFile, func(f file) string { return f.ID }))
}

func getFile(x *exchange) error {
	id, err := documentOf(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	req, err := x.begin(id, "")
	if err != nil {
		return err
	}
	doc, err := x.server.Corpus.Get(x.r.Context(), req, id)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, presentFile(doc))
}

func getFileContent(x *exchange) error {
	id, err := documentOf(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	return x.sendContent(id, 0, -1)
}

// deletion says that something is gone.
type deletion struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

func deleteFile(x *exchange) error {
	id, err := documentOf(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	req, err := x.begin(id, "")
	if err != nil {
		return err
	}
	if err := x.server.Corpus.Delete(x.r.Context(), req, id); err != nil {
		return err
	}
	return x.reply(http.StatusOK, deletion{filePrefix + id, "file", true})
}
