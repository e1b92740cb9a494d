package server

import (
	"net/http"
	"slices"
	"time"
)

// The models that are offered. What the tenant's own model is called where it runs is
// nobody's business.
const (
	chatModel       = "bulkhead"            // the tenant's chat model, if it has one
	extractiveModel = "bulkhead-extractive" // answers in the documents' own words
)

// answererOf is who answers for a model.
var answererOf = map[string]string{chatModel: byModel, extractiveModel: byDocument}

// offer is a model in a response.
type offer struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

var offeredSince = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC).Unix()

// offers are the models that the caller can ask.
func (x *exchange) offers() []offer {
	offers := []offer{{extractiveModel, "model", offeredSince, "bulkhead"}}
	if x.caller.Tenant.Models.Chat != nil {
		offers = append(offers, offer{chatModel, "model", offeredSince, "bulkhead"})
	}
	return offers
}

var errModel = parameterError{problem{
	http.StatusNotFound, invalid, "model_not_found", "There is no such model: GET /v1/models lists those that there are.", 0,
}, "model"}

func findModel(among []offer, id string) (offer, error) {
	at := slices.IndexFunc(among, func(m offer) bool { return m.ID == id })
	if at < 0 {
		return offer{}, errModel
	}
	return among[at], nil
}

// models are those that answer, and the one that embeds if there is one that the caller
// may know.
func (x *exchange) models() ([]offer, error) {
	req, err := x.begin("", "")
	if err != nil {
		return nil, err
	}
	if !x.mayEmbed() {
		return x.offers(), nil
	}
	embedder, found, err := x.server.Corpus.EmbedderName(x.r.Context(), req)
	if err != nil || !found {
		return x.offers(), err
	}
	return append(x.offers(), offer{embedder, "model", offeredSince, "bulkhead"}), nil
}

func listModels(x *exchange) error {
	all, err := x.models()
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, struct {
		Object string  `json:"object"`
		Data   []offer `json:"data"`
	}{"list", all})
}

func getModel(x *exchange) error {
	all, err := x.models()
	if err != nil {
		return err
	}
	found, err := findModel(all, x.r.PathValue("model"))
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, found)
}
