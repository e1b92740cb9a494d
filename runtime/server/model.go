package server

import (
	"net/http"
	"time"
)

// extractive is the model that answers in the documents' own words.
const extractive = "bulkhead-extractive"

// model is a model in a response.
type model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

var models = []model{
	{extractive, "model", time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC).Unix(), "bulkhead"},
}

var errModel = parameterError{problem{
	http.StatusNotFound, invalid, "model_not_found", "There is no such model: GET /v1/models lists those that there are.", 0,
}, "model"}

func findModel(id string) (model, error) {
	for _, m := range models {
		if m.ID == id {
			return m, nil
		}
	}
	return model{}, errModel
}

func listModels(x *exchange) error {
	return x.reply(http.StatusOK, struct {
		Object string  `json:"object"`
		Data   []model `json:"data"`
	}{"list", models})
}

func getModel(x *exchange) error {
	m, err := findModel(x.r.PathValue("model"))
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, m)
}
