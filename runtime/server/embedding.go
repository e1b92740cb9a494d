package server

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	modelapi "github.com/bulkhead-dev/bulkhead/runtime/model"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

const (
	maxEmbeddingBody   = 1 << 20 // bytes
	maxEmbeddingInputs = 2048
)

// errNoEmbedder: there is no model, and what is built in needs more documents.
var errNoEmbedder = problem{
	http.StatusConflict, invalid, "no_embedding_model",
	fmt.Sprintf("The tenant has no embedding model, and vectors of its own only from about %d passages on: upload more documents, or ask your operator for a model.", lsa.MinChunks), 0,
}

// embeddingRequest is a request for the vectors of texts.
type embeddingRequest struct {
	model      string
	texts      []string
	format     string
	dimensions int
}

func (e *embeddingRequest) rules() rules {
	return rules{
		"model": into(&e.model), "input": e.input, "encoding_format": into(&e.format),
		"dimensions": upTo(&e.dimensions, modelapi.MaxDimensions), "user": harmless[string](),
	}
}

// input reads one text, or a list.
func (e *embeddingRequest) input(name string, value json.RawMessage) error {
	if err := queries(&e.texts)(name, value); err != nil {
		return wrong(name, "invalid_type", "%s must be a text or a list of texts, not of tokens.", name)
	}
	if len(e.texts) < 1 || len(e.texts) > maxEmbeddingInputs {
		return wrong(name, "invalid_value", "%s must have 1 to %d texts.", name, maxEmbeddingInputs)
	}
	for i, text := range e.texts {
		if strings.TrimSpace(text) == "" || len(text) > modelapi.MaxEmbedText {
			return wrong(name, "invalid_value", "%s[%d] must be a text of 1 to %d bytes that is not blank.", name, i, modelapi.MaxEmbedText)
		}
	}
	return nil
}

// check holds the request against the model that there is.
func (e *embeddingRequest) check(by corpus.Embedder) error {
	switch {
	case e.model != by.Name():
		return errModel
	case e.dimensions != 0 && e.dimensions != by.Dimensions():
		return wrong("dimensions", "invalid_value", "dimensions can only be %d, which the vectors of the tenant's documents have.", by.Dimensions())
	}
	return nil
}

// The values of encoding_format.
const (
	formatFloat  = "float"
	formatBase64 = "base64"
)

func createEmbeddings(x *exchange) error {
	asked := embeddingRequest{format: formatFloat}
	if _, err := x.parametersUpTo(maxEmbeddingBody, asked.rules()); err != nil {
		return err
	}
	switch {
	case asked.model == "":
		return missing("model")
	case asked.texts == nil:
		return missing("input")
	case asked.format != formatFloat && asked.format != formatBase64:
		return wrong("encoding_format", "invalid_value", "encoding_format must be %q or %q.", formatFloat, formatBase64)
	}
	req, err := x.begin(asked.model, "")
	if err != nil {
		return err
	}
	if !x.mayEmbed() {
		return guard.ErrScope
	}
	by, found, err := x.server.Corpus.Embedder(x.r.Context(), req)
	if err != nil {
		return err
	}
	if !found {
		return errNoEmbedder
	}
	if err := asked.check(by); err != nil {
		return err
	}
	made, err := x.embed(by, asked.texts)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, presentEmbeddings(asked, made))
}

// mayEmbed reports whether the caller may know who makes vectors for the tenant: what is
// built in tells of all documents.
func (x *exchange) mayEmbed() bool {
	return x.caller.Tenant.Models.Embedder != nil || x.caller.Caller.May(principal.Admin)
}

// embed makes the vectors of texts, by a model in the quota for models.
func (x *exchange) embed(by corpus.Embedder, texts []string) (modelapi.Embeddings, error) {
	if by.Fitted() {
		return by.Embed(x.r.Context(), texts)
	}
	done, err := x.server.Limits.Answer(x.caller.Tenant)
	if err != nil {
		return modelapi.Embeddings{}, err
	}
	defer done()
	return by.Embed(x.r.Context(), texts)
}

// embeddingList is the answer to an embeddingRequest.
type embeddingList struct {
	Object string         `json:"object"`
	Data   []embedding    `json:"data"`
	Model  string         `json:"model"`
	Usage  embeddingUsage `json:"usage"`
}

type embedding struct {
	Object string `json:"object"`
	Index  int    `json:"index"`
	Vector any    `json:"embedding"` // numbers, or their bytes in base64
}

// embeddingUsage is what the model counts; the built-in one counts words.
type embeddingUsage struct {
	Prompt int64 `json:"prompt_tokens"`
	Total  int64 `json:"total_tokens"`
}

func presentEmbeddings(asked embeddingRequest, made modelapi.Embeddings) embeddingList {
	list := embeddingList{Object: "list", Model: asked.model, Usage: embeddingUsage{made.Tokens, made.Tokens}}
	for i, vector := range made.Vectors {
		shown := embedding{Object: "embedding", Index: i, Vector: vector}
		if asked.format == formatBase64 {
			shown.Vector = base64Of(vector)
		}
		list.Data = append(list.Data, shown)
	}
	return list
}

// base64Of encodes numbers of 32 bits, the lowest byte first.
func base64Of(vector []float32) string {
	var bytes []byte
	for _, value := range vector {
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(value))
	}
	return base64.StdEncoding.EncodeToString(bytes)
}
