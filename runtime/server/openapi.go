package server

import (
	_ "embed"
	"net/http"
	"sync"

	"sigs.k8s.io/yaml"
)

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI is the description of all routes, as JSON.
var OpenAPI = sync.OnceValues(func() ([]byte, error) { return yaml.YAMLToJSON(openAPI) })

func getOpenAPI(x *exchange) error {
	text, err := OpenAPI()
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.header(http.StatusOK)
	return x.send(text)
}
