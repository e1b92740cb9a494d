package server

import (
	"net/http"
	"slices"
	"time"
)

// extractiveModel is the model that answers in the documents' own words.
const extractiveModel = "bulkhead-extractive"

// offer is a model in a response.
type offer struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

// since is when the models came to be, as far as anybody asks.
var since = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC).Unix()

var offers = []offer{{extractiveModel, "model", since, "bulkhead"}}

var errModel = parameterError{problem{
	http.StatusNotFound, invalid, "model_not_found", "There is no such model: GET /v1/models lists those that there are.", 0,
}, "model"}

func findModel(id string) (offer, error) {
	for _, m := range offers {
		if m.ID == id {
			return m, nil
		}
	}
	return offer{}, errModel
}

// models are those that answer, and the one that embeds if there is one.
func (x *exchange) models() ([]offer, error) {
	req, err := x.begin("", "")
	if err != nil {
		return nil, err
	}
	embedder, found, err := x.server.Corpus.Embedder(x.r.Context(), req)
	if err != nil || !found {
		return offers, err
	}
	return append(slices.Clip(offers), offer{embedder.Name(), "model", since, "bulkhead"}), nil
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
	at := slices.IndexFunc(all, func(m offer) bool { return m.ID == x.r.PathValue("model") })
	if at < 0 {
		return errModel
	}
	return x.reply(http.StatusOK, all[at])
}
