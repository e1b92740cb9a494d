package server

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

// searchTool is OpenAI's file_search: which documents are asked, and how many
// passages are read. Without the tool the model searches all the same, for there is
// nothing else that it knows.
type searchTool struct {
	asked   bool
	limit   int
	share   float64
	filters *filter.Filter
	stores  []uuid.UUID
	ranks   bool // in place of scores
}

const (
	maxResults     = 50
	defaultResults = 20
)

// searchTool returns so many passages unless more are asked for; who may not know scores
// is told ranks.
func (x *exchange) searchTool(limit int) searchTool {
	return searchTool{limit: limit, ranks: !x.caller.Caller.May(principal.Admin)}
}

// tools reads a list of at most one file_search.
func (s *searchTool) tools(name string, value json.RawMessage) error {
	return each(func(name string, value json.RawMessage) error {
		var kind struct{ Type string }
		if json.Unmarshal(value, &kind) != nil || kind.Type != "file_search" || s.asked {
			return unsupportedParameter(name, "file_search, once, is the only tool")
		}
		s.asked = true
		return object(s.rules())(name, value)
	})(name, value)
}

func (s *searchTool) rules() rules {
	return rules{
		"type":             harmless[string](),
		"vector_store_ids": s.storeIDs,
		"max_num_results":  upTo(&s.limit, maxResults),
		"filters":          s.filter,
		"ranking_options":  s.ranking(),
	}
}

// maxStores is how many vector stores are searched together.
const maxStores = 16

func (s *searchTool) storeIDs(name string, value json.RawMessage) error {
	var ids []string
	if json.Unmarshal(value, &ids) != nil || len(ids) > maxStores {
		return wrong(name, "invalid_value", "%s must be a list of at most %d ids of vector stores.", name, maxStores)
	}
	for _, text := range ids {
		id, err := parseStore(text)
		if err != nil {
			return err
		}
		s.stores = append(s.stores, id)
	}
	return nil
}

func (s *searchTool) filter(name string, value json.RawMessage) (err error) {
	s.filters, err = filter.Parse(name, value)
	return wrongAttribute(err, "invalid_filters")
}

// ranking reads how passages are ranked, which is one way only.
func (s *searchTool) ranking() rule {
	return object(rules{"ranker": only(`"auto"`, `"none"`), "score_threshold": share(&s.share)})
}

func (s *searchTool) query(question string) corpus.Query {
	q := corpus.Query{Text: question, K: s.limit, PerDocument: defaultPerDocument, Filter: s.filters, Stores: s.stores}
	if q.K == 0 {
		q.K = defaultResults
	}
	return q
}

// toolChoices are those that leave the search to the model. It can not do without.
var toolChoices = only(`"auto"`, `"required"`, `{"type":"file_search"}`)

// searchResult is a passage as file_search returns it. Its score is relative to the
// best of the search.
type searchResult struct {
	FileID     string            `json:"file_id"`
	Filename   string            `json:"filename"`
	Score      float64           `json:"score"`
	Attributes filter.Attributes `json:"attributes"`
	Text       string            `json:"text"`
}

func (s *searchTool) results(found []corpus.Passage) []searchResult {
	all := make([]searchResult, len(found))
	for i, p := range found {
		all[i] = searchResult{fileID(p.Document), p.ExternalID, s.score(found, i), p.Attributes, p.Text}
		if p.Attributes == nil {
			all[i].Attributes = filter.Attributes{}
		}
	}
	return all
}

// score is what is told of the i-th passage, from 0 to 1, and what a threshold is for.
func (s *searchTool) score(found []corpus.Passage, i int) float64 {
	switch score, best := found[i].Score, found[0].Score; {
	case s.ranks:
		return 1 / float64(i+1)
	case score == best: // which may be 0
		return 1
	default:
		return score / best
	}
}

// enough are those of the passages that score enough.
func (s *searchTool) enough(found []corpus.Passage) []corpus.Passage {
	for i := range found {
		if s.score(found, i) < s.share {
			return found[:i]
		}
	}
	return found
}
