package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/outage"
	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

const (
	// maxErrorBody is how much of a refusal is read for its code.
	maxErrorBody = 16 << 10 // bytes
	// probeInterval is how often an unreachable endpoint is tried again, by all calls
	// together.
	probeInterval = time.Second
)

// caller asks one path of an endpoint.
type caller struct {
	doer    Doer
	url     string
	model   string
	key     Key
	timeout time.Duration // of one call with its retries
	outage  *outage.Breaker
}

func newCaller(doer Doer, e Endpoint, path string, timeout time.Duration) (*caller, error) {
	base, err := e.base()
	if err != nil {
		return nil, err
	}
	return &caller{
		doer: doer, url: base + path, model: e.Model, key: e.Key, timeout: timeout,
		outage: outage.NewBreaker(probeInterval),
	}, nil
}

// ask posts a question and reads the answer, a JSON value of at most limit bytes.
func (c *caller) ask(ctx context.Context, question, answer any, limit int64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, &Error{
		Kind: ErrUnreachable, advice: fmt.Sprintf("it did not answer within %s", c.timeout),
	})
	defer cancel()
	return c.retry(ctx, func() error {
		response, err := c.post(ctx, question, limit)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		return decode(response.Body, answer)
	})
}

// decode keeps the endpoint's words out of the error.
func decode(from io.Reader, into any) error {
	data, err := io.ReadAll(from)
	if err != nil {
		return failed(err)
	}
	if json.Unmarshal(data, into) != nil {
		return malformed("it is not the JSON that the API promises: check that the URL is of an OpenAI-compatible API")
	}
	return nil
}

// post sends one request and returns the answer to it, if it is a success.
func (c *caller) post(ctx context.Context, question any, limit int64) (*http.Response, error) {
	if !c.outage.MayTry(time.Now()) {
		return nil, &Error{Kind: ErrUnreachable, advice: fmt.Sprintf("it was tried less than %s ago", probeInterval)}
	}
	body, err := json.Marshal(question)
	if err != nil {
		return nil, fmt.Errorf("encode a question to a model: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("a model endpoint's URL is not valid")
	}
	request.Header.Set("Content-Type", "application/json")
	// Asking twice is harmless: a kept connection that turns out dead is replaced.
	// Without a value the header is not sent.
	request.Header["Idempotency-Key"] = nil
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+string(c.key))
	}
	response, err := c.doer.Do(request, limit)
	c.remember(err)
	if err != nil {
		return nil, failed(err)
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		return nil, refusal(response)
	}
	return response, nil
}

// remember whether the endpoint could be reached. A context that ended says nothing.
func (c *caller) remember(err error) {
	switch {
	case err == nil:
		c.outage.End()
	case errors.Is(err, outgoing.ErrUnreachable):
		c.outage.Begin(time.Now())
	}
}

// refusal reads of an error's body its code alone.
func refusal(response *http.Response) error {
	var body struct {
		Error struct {
			Code any `json:"code"` // some endpoints send numbers
		} `json:"error"`
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	if err == nil && json.Unmarshal(data, &body) != nil {
		body.Error.Code = nil // it is of another form, and the status says enough
	}
	code, _ := body.Error.Code.(string)
	return judge(response.StatusCode, code, retryAfter(response.Header.Get("Retry-After"), time.Now()))
}

// failed is the error of a call that was not answered, or not to the end.
func failed(err error) error {
	switch {
	case errors.Is(err, outgoing.ErrTooLarge):
		return &Error{Kind: ErrTooLarge, advice: "its answer has more bytes than such an answer can have", cause: err}
	case errors.Is(err, outgoing.ErrOrigin), errors.Is(err, outgoing.ErrAddress), errors.Is(err, outgoing.ErrUnreachable):
		return &Error{Kind: ErrUnreachable, advice: err.Error(), cause: err}
	}
	return err // why the context ended
}
