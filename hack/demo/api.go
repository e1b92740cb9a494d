package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"
)

// api is the runtime's HTTP API with one tenant's key.
type api struct{ url, key string }

// answer is what the runtime says to a question.
type answer struct {
	Answer    string     `json:"answer"`
	Found     bool       `json:"found"`
	Citations []citation `json:"citations"`
}

// citation is a span of bytes of one document.
type citation struct {
	Document string `json:"document_id"`
	Name     string `json:"external_id"`
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Text     string `json:"text"`
}

// put uploads a document under a name.
func (a api) put(ctx context.Context, name string, content []byte) error {
	_, err := a.do(ctx, http.MethodPut, "/v1/documents/"+url.PathEscape(name), mediaType(name), content)
	return err
}

// content reads a document back.
func (a api) content(ctx context.Context, id string) ([]byte, error) {
	return a.do(ctx, http.MethodGet, "/v1/documents/"+url.PathEscape(id)+"/content", "", nil)
}

func (a api) answer(ctx context.Context, query string) (answer, error) {
	var said answer
	asked, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return said, err
	}
	body, err := a.do(ctx, http.MethodPost, "/v1/answer", "application/json", asked)
	if err != nil {
		return said, err
	}
	err = json.Unmarshal(body, &said)
	return said, err
}

// mediaType is that of a document's file name.
func mediaType(name string) string {
	if path.Ext(name) == ".md" {
		return "text/markdown"
	}
	return "text/plain"
}

// do sends a request, and sends it again for as long as the server asks to wait: a plan allows so many
// requests a minute, and the demo may be run twice in one.
func (a api) do(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	for {
		status, wait, answer, err := a.once(ctx, method, path, contentType, body)
		switch {
		case err != nil:
			return nil, err
		case status < 300:
			return answer, nil
		case wait == 0:
			return nil, fmt.Errorf("%s %s: %d: %s", method, path, status, answer)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s %s: %w; last answer: %s", method, path, context.Cause(ctx), answer)
		case <-time.After(wait):
		}
	}
}

// once returns, of a response that asks for patience, how long to wait.
func (a api) once(ctx context.Context, method, path, contentType string, body []byte) (status int, wait time.Duration, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+a.key)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // none is no wait
	return response.StatusCode, time.Duration(seconds) * time.Second, answer, err
}
