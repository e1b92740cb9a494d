package server

import (
	"encoding/json"
	"errors"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
)

// selection is the part of a body that says which documents are asked.
type selection struct {
	Filters        json.RawMessage `json:"filters"`
	MaxPerDocument *int            `json:"max_per_document"`
}

const (
	maxPerDocument     = 100
	defaultPerDocument = 3
)

// query makes what k passages are asked for with.
func (s selection) query(text string, k int) (corpus.Query, error) {
	q := corpus.Query{Text: text, K: k, PerDocument: defaultPerDocument}
	if s.MaxPerDocument != nil {
		q.PerDocument = *s.MaxPerDocument
	}
	if q.PerDocument < 1 || q.PerDocument > maxPerDocument {
		return q, wrong("max_per_document", "invalid_max_per_document", "max_per_document must be a number from 1 to %d.", maxPerDocument)
	}
	var err error
	q.Filter, err = filter.Parse("filters", s.Filters)
	return q, wrongAttribute(err, "invalid_filters")
}

// attributesHeader has a document's attributes, as a JSON object.
const attributesHeader = "Bulkhead-Attributes"

func attributesOf(x *exchange) (filter.Attributes, error) {
	a, err := filter.ParseAttributes(attributesHeader, []byte(x.r.Header.Get(attributesHeader)))
	return a, wrongAttribute(err, "invalid_attributes")
}

// wrongAttribute makes a problem of a filter.Error.
func wrongAttribute(err error, code string) error {
	var at filter.Error
	if errors.As(err, &at) {
		return wrong(at.Path, code, "%s.", at.Error())
	}
	return err
}
