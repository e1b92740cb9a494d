package server

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
)

// foundPage is what a search of a vector store returns: one page, of all.
type foundPage struct {
	Object      string     `json:"object"`
	SearchQuery []string   `json:"search_query"`
	Data        []storeHit `json:"data"`
	HasMore     bool       `json:"has_more"`
	NextPage    *string    `json:"next_page"` // always null
	ranking
}

type storeHit struct {
	FileID     string            `json:"file_id"`
	Filename   string            `json:"filename"`
	Score      float64           `json:"score"` // relative to the best
	Attributes filter.Attributes `json:"attributes"`
	Content    []hitText         `json:"content"`
}

type hitText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// queries reads one text, or several that are searched for together.
func queries(to *[]string) rule {
	return func(name string, value json.RawMessage) error {
		var one string
		if json.Unmarshal(value, &one) == nil {
			*to = []string{one}
			return nil
		}
		return into(to)(name, value)
	}
}

func searchStore(x *exchange) error {
	var asked []string
	tool := x.searchTool(defaultTopK)
	r := tool.rules()
	delete(r, "type")
	delete(r, "vector_store_ids")
	r["query"], r["rewrite_query"] = queries(&asked), only("false")
	if _, err := x.parameters(r); err != nil {
		return err
	}
	question := strings.Join(asked, "\n")
	if err := checkQuestion("query", question); err != nil {
		return err
	}
	id, err := storeOf(x)
	if err != nil {
		return err
	}
	tool.stores = []uuid.UUID{id}
	req, err := x.beginSearch(storeID(id), question, tool)
	if err != nil {
		return err
	}
	found, how, err := x.search(req, question, tool)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, foundPage{
		Object: "vector_store.search_results.page", SearchQuery: asked, Data: tool.hits(found), ranking: how,
	})
}

// beginSearch begins an access that searches the tool's vector stores, which are there.
func (x *exchange) beginSearch(object, question string, tool searchTool) (corpus.Request, error) {
	req, err := x.begin(object, question)
	if err != nil {
		return req, err
	}
	for _, id := range tool.stores {
		if _, err := x.server.Corpus.VectorStore(x.r.Context(), req, id); err != nil {
			return req, err
		}
	}
	return req, nil
}

// search finds what the tool asks for.
func (x *exchange) search(req corpus.Request, question string, tool searchTool) ([]corpus.Passage, ranking, error) {
	found, how, err := x.find(req, tool.query(question))
	return tool.enough(found), how, err
}

func (s *searchTool) hits(found []corpus.Passage) []storeHit {
	hits := []storeHit{}
	for _, r := range s.results(found) {
		hits = append(hits, storeHit{r.FileID, r.Filename, r.Score, r.Attributes, []hitText{{"text", r.Text}}})
	}
	return hits
}
