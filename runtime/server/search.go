package server

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

const (
	maxQuery    = 8 << 10 // bytes
	maxTopK     = 100
	defaultTopK = 10
	evidence    = 20 // passages that an answer is looked for in
)

// passage is a byte span of a document in a response.
type passage struct {
	DocumentID uuid.UUID         `json:"document_id"`
	ExternalID string            `json:"external_id"`
	Title      string            `json:"title"`
	Start      int               `json:"start"`
	End        int               `json:"end"`
	Text       string            `json:"text"`
	Score      float64           `json:"score,omitempty"`
	Attributes filter.Attributes `json:"attributes,omitempty"`
}

// presentPassages has scores for who may know them: they tell how rare a word is.
func (x *exchange) presentPassages(found []corpus.Passage) []passage {
	all := make([]passage, len(found))
	for i, p := range found {
		all[i] = passage{
			DocumentID: p.Document, ExternalID: p.ExternalID, Title: p.Title,
			Start: p.Start, End: p.End, Text: p.Text, Attributes: p.Attributes,
		}
		if x.caller.Caller.May(principal.Admin) {
			all[i].Score = p.Score
		}
	}
	return all
}

func retrieve(x *exchange) error {
	asked := struct {
		Query string `json:"query"`
		TopK  *int   `json:"top_k"`
		selection
	}{}
	if err := decode(x, &asked); err != nil {
		return err
	}
	k := defaultTopK
	if asked.TopK != nil {
		k = *asked.TopK
	}
	if k < 1 || k > maxTopK {
		return badRequest("invalid_top_k", "top_k must be a number from 1 to %d.", maxTopK)
	}
	query, err := asked.query(asked.Query, k)
	if err != nil {
		return err
	}
	req, err := question(x, asked.Query)
	if err != nil {
		return err
	}
	found, how, err := x.find(req, query)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, struct {
		Object string    `json:"object"`
		Data   []passage `json:"data"`
		ranking
	}{"list", x.presentPassages(found), how})
}

// question checks a query and begins the access.
func question(x *exchange, query string) (corpus.Request, error) {
	if strings.TrimSpace(query) == "" || len(query) > maxQuery {
		return corpus.Request{}, badRequest("invalid_query", "query must be a text of 1 to %d bytes.", maxQuery)
	}
	return x.begin("", query)
}
