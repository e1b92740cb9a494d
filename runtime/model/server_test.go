package model_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/model"
	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

const key = "sk-hunter2"

// serve is a model endpoint on this machine, and the client of a tenant that may
// reach it.
func serve(t *testing.T, answer http.HandlerFunc) (*outgoing.Client, model.Endpoint) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	origin, err := outgoing.ParseOrigin(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := outgoing.NewClient(outgoing.Config{Allowed: []outgoing.Allowed{{
		Origin: origin, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, model.Endpoint{URL: server.URL + "/v1/", Model: "m", Key: key}
}

// read decodes what a client sent to a path with the key.
func read(t *testing.T, r *http.Request, path string, into any) {
	t.Helper()
	if r.Method != http.MethodPost || r.URL.Path != path || r.Header.Get("Authorization") != "Bearer "+key || r.Header.Get("Idempotency-Key") != "" {
		t.Errorf("got %s %s with %v", r.Method, r.URL.Path, r.Header)
	}
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, w http.ResponseWriter, value any) {
	t.Helper()
	if err := json.NewEncoder(w).Encode(value); err != nil {
		t.Error(err)
	}
}

// doer answers in memory.
type doer func(r *http.Request) (reply, error)

type reply struct {
	status     int
	retryAfter string
	body       io.Reader // nil: empty
}

func (d doer) Do(r *http.Request, _ int64) (*http.Response, error) {
	said, err := d(r)
	if err != nil {
		return nil, err
	}
	if said.body == nil {
		said.body = http.NoBody
	}
	header := http.Header{"Content-Type": {"text/event-stream"}, "Retry-After": {said.retryAfter}}
	return &http.Response{StatusCode: said.status, Header: header, Body: io.NopCloser(said.body)}, nil
}

// fails checks that err is of a kind, speaks to people and repeats nothing.
func fails(t *testing.T, name string, err, kind error, says string) {
	t.Helper()
	var failure *model.Error
	if !errors.Is(err, kind) || !errors.As(err, &failure) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: the error is %v, want one of %q that says %q", name, err, kind, says)
		return
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%s: the error repeats a secret: %v", name, err)
	}
}
