// Openai tries OpenAI's official Go client against a runtime: OPENAI_BASE_URL and
// OPENAI_API_KEY say which. It ends with an error when something is not as it is there.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

const (
	embedder = "embedder-of-acme"
	sentence = "The kestrel hovers in the wind."
	question = "What does the kestrel do?"
	timeout  = time.Minute
)

// trial is a client, the ids of what it made, and the model that it asks.
type trial struct {
	openai.Client
	file, store   string
	model, answer string
}

// step is a part of a trial.
type step struct {
	name string
	try  func(context.Context) error
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	t := trial{Client: openai.NewClient(option.WithMaxRetries(0))}
	t.run(ctx, step{"models", t.models}, step{"embeddings", t.embeddings}, step{"files", t.files}, step{"vector stores", t.stores})
	for t.model, t.answer = range answers() {
		t.run(ctx, step{"chat", t.chat}, step{"streamed chat", t.chatStream}, step{"response", t.respond}, step{"streamed response", t.responseStream})
	}
	t.run(ctx, step{"deletion", t.delete})
}

// answers yields the models, the second of which is the tenant's, and what they say.
func answers() iter.Seq2[string, string] {
	return func(yield func(model, answer string) bool) {
		_ = yield("bulkhead-extractive", sentence) && yield("bulkhead", sentence+" [1]")
	}
}

// run ends the program at the first step that fails.
func (t *trial) run(ctx context.Context, steps ...step) {
	for _, s := range steps {
		if err := s.try(ctx); err != nil {
			fmt.Fprintf(os.Stderr, "%s %s: %v\n", s.name, t.model, err)
			os.Exit(1)
		}
	}
}

// equal is an error where got is not want.
func equal[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}

// refused is an error where err is not the API's of a status and code.
func refused(err error, status int, code string) error {
	var api *openai.Error
	if !errors.As(err, &api) {
		return fmt.Errorf("not refused: %w", err)
	}
	return errors.Join(equal("status", api.StatusCode, status), equal("code", api.Code, code))
}

func (t *trial) models(ctx context.Context) error {
	all, err := t.Models.List(ctx)
	if err != nil {
		return err
	}
	if err := equal("models", len(all.Data), 3); err != nil {
		return err
	}
	_, err = t.Models.Get(ctx, "gpt-9")
	return errors.Join(equal("model", all.Data[1].ID, "bulkhead"), refused(err, http.StatusNotFound, "model_not_found"))
}

func (t *trial) embeddings(ctx context.Context) error {
	made, err := t.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: embedder, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"kestrel", "heron"}},
	})
	if err != nil {
		return err
	}
	length := 0.0
	for _, x := range made.Data[1].Embedding {
		length += x * x
	}
	_, err = t.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: "gpt-9", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("kestrel")},
	})
	return errors.Join(equal("vectors", len(made.Data), 2), equal("of length 1", math.Abs(length-1) < 1e-5, true), refused(err, http.StatusNotFound, "model_not_found"))
}

func (t *trial) files(ctx context.Context) error {
	made, err := t.Files.New(ctx, openai.FileNewParams{
		File: openai.File(strings.NewReader("# Birds\n\n"+sentence+"\n"), "go.md", "application/octet-stream"), Purpose: openai.FilePurposeAssistants,
	})
	if err != nil {
		return err
	}
	t.file = made.ID
	listed := t.Files.ListAutoPaging(ctx, openai.FileListParams{Limit: openai.Int(1)})
	found := false
	for listed.Next() {
		found = found || listed.Current().ID == t.file
	}
	content, err := t.Files.Content(ctx, t.file)
	if err = errors.Join(err, listed.Err()); err != nil {
		return err
	}
	defer content.Body.Close()
	text, err := io.ReadAll(content.Body)
	return errors.Join(err, equal("listed", found, true), equal("content", strings.Contains(string(text), sentence), true))
}

func (t *trial) stores(ctx context.Context) error {
	made, err := t.VectorStores.New(ctx, openai.VectorStoreNewParams{Name: openai.String("birds")})
	if err != nil {
		return err
	}
	t.store = made.ID
	joined, err := t.VectorStores.Files.NewAndPoll(ctx, t.store, openai.VectorStoreFileNewParams{FileID: t.file}, 100)
	if err != nil {
		return err
	}
	hits, err := t.VectorStores.Search(ctx, t.store, openai.VectorStoreSearchParams{
		Query: openai.VectorStoreSearchParamsQueryUnion{OfString: openai.String("kestrel")},
	})
	if err != nil {
		return err
	}
	if err := equal("hits", len(hits.Data), 1); err != nil {
		return err
	}
	return errors.Join(equal("status", string(joined.Status), "completed"), equal("hit", hits.Data[0].FileID, t.file))
}

func (t *trial) asked() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: t.model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(question)}}
}

func (t *trial) chat(ctx context.Context) error {
	said, err := t.Chat.Completions.New(ctx, t.asked())
	if err != nil {
		return err
	}
	twice := t.asked()
	twice.N = openai.Int(2)
	_, err = t.Chat.Completions.New(ctx, twice)
	return errors.Join(equal("content", said.Choices[0].Message.Content, t.answer), refused(err, http.StatusBadRequest, "unsupported_parameter"))
}

func (t *trial) chatStream(ctx context.Context) error {
	stream := t.Chat.Completions.NewStreaming(ctx, t.asked())
	defer stream.Close()
	var whole openai.ChatCompletionAccumulator
	for stream.Next() {
		if !whole.AddChunk(stream.Current()) {
			return errors.New("a chunk does not fit the ones before")
		}
	}
	if err := stream.Err(); err != nil {
		return err
	}
	return errors.Join(equal("content", whole.Choices[0].Message.Content, t.answer), equal("finish", whole.Choices[0].FinishReason, "stop"))
}

func (t *trial) request() responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model: t.model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(question)},
		Tools:   []responses.ToolUnionParam{responses.ToolParamOfFileSearch([]string{t.store})},
		Include: []responses.ResponseIncludable{responses.ResponseIncludableFileSearchCallResults},
	}
}

func (t *trial) respond(ctx context.Context) error {
	said, err := t.Responses.New(ctx, t.request())
	if err != nil {
		return err
	}
	return t.check(*said)
}

func (t *trial) check(said responses.Response) error {
	if err := equal("output", len(said.Output), 2); err != nil {
		return err
	}
	return errors.Join(
		equal("text", said.OutputText(), t.answer),
		equal("result", said.Output[0].AsFileSearchCall().Results[0].FileID, t.file),
		equal("citation", said.Output[1].Content[0].Annotations[0].AsFileCitation().FileID, t.file),
	)
}

func (t *trial) responseStream(ctx context.Context) error {
	stream := t.Responses.NewStreaming(ctx, t.request())
	defer stream.Close()
	var last responses.ResponseStreamEventUnion
	for stream.Next() {
		last = stream.Current()
	}
	if err := stream.Err(); err != nil {
		return err
	}
	return errors.Join(equal("last event", last.Type, "response.completed"), t.check(last.Response))
}

func (t *trial) delete(ctx context.Context) error {
	_, err := t.VectorStores.Files.Delete(ctx, t.store, t.file)
	if err != nil {
		return err
	}
	if _, err := t.VectorStores.Delete(ctx, t.store); err != nil {
		return err
	}
	if _, err := t.Files.Delete(ctx, t.file); err != nil {
		return err
	}
	_, err = t.Files.Get(ctx, t.file)
	return refused(err, http.StatusNotFound, "document_not_found")
}
