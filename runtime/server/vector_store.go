package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// vectorStore is a vector store in a response. What is in it is searchable at once.
type vectorStore struct {
	ID          string            `json:"id"`
	Object      string            `json:"object"`
	CreatedAt   int64             `json:"created_at"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	UsageBytes  int64             `json:"usage_bytes"`
	FileCounts  fileCounts        `json:"file_counts"`
	Status      string            `json:"status"`
	Metadata    map[string]string `json:"metadata"`
}

type fileCounts struct {
	InProgress int `json:"in_progress"`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"`
	Cancelled  int `json:"cancelled"`
	Total      int `json:"total"`
}

const storePrefix = "vs_"

func storeID(id uuid.UUID) string { return storePrefix + id.String() }

func presentStore(s corpus.VectorStore, in corpus.Contents) vectorStore {
	if s.Metadata == nil {
		s.Metadata = map[string]string{}
	}
	return vectorStore{
		ID: storeID(s.ID), Object: "vector_store", CreatedAt: s.CreatedAt.Unix(), Name: s.Name, Description: s.Description,
		UsageBytes: in.Bytes, FileCounts: fileCounts{Completed: in.Documents, Total: in.Documents}, Status: "completed", Metadata: s.Metadata,
	}
}

// storeOf reads the vector store that the path names. Errors: store.ErrNoVectorStore.
func storeOf(x *exchange) (uuid.UUID, error) { return parseStore(x.r.PathValue("store")) }

func parseStore(text string) (uuid.UUID, error) {
	id, err := parseID(storePrefix, text)
	if err != nil {
		return id, store.ErrNoVectorStore
	}
	return id, nil
}

// storeRequest is a request that makes or changes a vector store.
type storeRequest struct {
	name, description *string
	metadata          map[string]string
	files             []string // ids of documents
}

const (
	maxFiles    = 100 // that are put into a vector store at once
	undoTimeout = 5 * time.Second
)

func (s *storeRequest) rules() rules {
	return rules{
		"name": bounded(&s.name), "description": bounded(&s.description), "metadata": metadata(&s.metadata),
		"expires_after": without("vector stores do not expire"),
	}
}

func (s *storeRequest) rulesToCreate() rules {
	r := s.rules()
	r["chunking_strategy"] = only(`{"type":"auto"}`)
	r["file_ids"] = func(name string, value json.RawMessage) error {
		var ids []string
		if json.Unmarshal(value, &ids) != nil || len(ids) > maxFiles {
			return wrong(name, "invalid_value", "%s must be a list of at most %d ids of files.", name, maxFiles)
		}
		for _, id := range ids {
			document, err := documentOf(id)
			if err != nil {
				return err
			}
			if !slices.Contains(s.files, document) {
				s.files = append(s.files, document)
			}
		}
		return nil
	}
	return r
}

// bounded reads a text of the length of an attribute.
func bounded(to **string) rule {
	return func(name string, value json.RawMessage) error {
		if json.Unmarshal(value, to) != nil || utf8.RuneCountInString(**to) > filter.MaxText {
			return wrong(name, "invalid_value", "%s must be a text of at most %d characters.", name, filter.MaxText)
		}
		return nil
	}
}

// metadata reads texts by key, as many and as long as attributes.
func metadata(to *map[string]string) rule {
	return func(name string, value json.RawMessage) error {
		if _, err := filter.ParseAttributes(name, value); err != nil {
			return wrongAttribute(err, "invalid_metadata")
		}
		return into(to)(name, value)
	}
}

// edit makes a vector store what is asked for; what is left out stays.
func (s *storeRequest) edit(to *corpus.VectorStore) {
	if s.name != nil {
		to.Name = *s.name
	}
	if s.description != nil {
		to.Description = *s.description
	}
	if s.metadata != nil {
		to.Metadata = s.metadata
	}
}

func createStore(x *exchange) error {
	asked := storeRequest{}
	if _, err := x.parameters(asked.rulesToCreate()); err != nil {
		return err
	}
	made, err := corpus.NewVectorStore()
	if err != nil {
		return err
	}
	asked.edit(&made)
	req, err := x.begin(storeID(made.ID), "")
	if err != nil {
		return err
	}
	if made, err = x.server.Corpus.CreateVectorStore(x.r.Context(), req, made); err != nil {
		return err
	}
	in, err := x.fill(req, made.ID, asked.files)
	if err != nil {
		return errors.Join(err, x.undo(req, made.ID))
	}
	return x.reply(http.StatusOK, presentStore(made, in))
}

// fill puts documents into a vector store, unless one of them can not be.
func (x *exchange) fill(req corpus.Request, id uuid.UUID, documents []string) (in corpus.Contents, err error) {
	for _, document := range documents {
		if err := x.server.Corpus.MayAmend(x.r.Context(), req, document, joinStore(id)); err != nil {
			return in, err
		}
	}
	for _, document := range documents {
		doc, err := x.server.Corpus.Amend(x.r.Context(), req, document, joinStore(id))
		if err != nil {
			return in, err
		}
		in = corpus.Contents{Documents: in.Documents + 1, Bytes: in.Bytes + doc.Bytes}
	}
	return in, nil
}

// undo deletes a vector store that could not be filled, whether or not its client still
// waits.
func (x *exchange) undo(req corpus.Request, id uuid.UUID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), undoTimeout)
	defer cancel()
	return x.server.Corpus.DeleteVectorStore(ctx, req, id)
}

func listStores(x *exchange) error {
	limit, after, err := paging(x, storePrefix, defaultPage)
	if err != nil {
		return err
	}
	req, err := x.begin("", "")
	if err != nil {
		return err
	}
	stores, err := x.server.Corpus.VectorStores(x.r.Context(), req, after, limit+1)
	if err != nil {
		return err
	}
	in, err := x.server.Corpus.Contents(x.r.Context(), req)
	if err != nil {
		return err
	}
	present := func(s corpus.VectorStore) vectorStore { return presentStore(s, in[s.ID]) }
	return x.reply(http.StatusOK, newPage(stores, limit, present, func(s vectorStore) string { return s.ID }))
}

func getStore(x *exchange) error {
	id, req, err := x.beginStore()
	if err != nil {
		return err
	}
	s, err := x.server.Corpus.VectorStore(x.r.Context(), req, id)
	if err != nil {
		return err
	}
	return x.replyStore(req, s)
}

func updateStore(x *exchange) error {
	asked := storeRequest{}
	if _, err := x.parameters(asked.rules()); err != nil {
		return err
	}
	id, req, err := x.beginStore()
	if err != nil {
		return err
	}
	s, err := x.server.Corpus.ChangeVectorStore(x.r.Context(), req, id, asked.edit)
	if err != nil {
		return err
	}
	return x.replyStore(req, s)
}

func deleteStore(x *exchange) error {
	id, req, err := x.beginStore()
	if err != nil {
		return err
	}
	if err := x.server.Corpus.DeleteVectorStore(x.r.Context(), req, id); err != nil {
		return err
	}
	return x.reply(http.StatusOK, deletion{storeID(id), "vector_store.deleted", true})
}

// beginStore begins an access to the vector store that the path names.
func (x *exchange) beginStore() (uuid.UUID, corpus.Request, error) {
	id, err := storeOf(x)
	if err != nil {
		return id, corpus.Request{}, err
	}
	req, err := x.begin(storeID(id), "")
	return id, req, err
}

// replyStore presents a vector store with what is in it.
func (x *exchange) replyStore(req corpus.Request, s corpus.VectorStore) error {
	in, err := x.server.Corpus.Contents(x.r.Context(), req)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, presentStore(s, in[s.ID]))
}
