package model

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// Doer sends requests; *outgoing.Client is one. The body of an answer has at most
// limit bytes.
type Doer interface {
	Do(r *http.Request, limit int64) (*http.Response, error)
}

// Key is an API key. No way of printing it shows it.
type Key string

// redacted is what a Key prints as.
const redacted = "[redacted]"

func (Key) String() string { return redacted }

// GoString keeps the key out of %#v.
func (Key) GoString() string { return redacted }

// MarshalText keeps the key out of JSON and logs.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue keeps the key out of structured logs.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// Endpoint is one model of one API.
type Endpoint struct {
	URL   string // of the API, such as https://models.example/v1
	Model string
	Key   Key // sent as a bearer token; empty: none is sent
}

const (
	maxModelName = 200  // bytes
	maxKey       = 4096 // bytes
)

// base checks e and returns its URL without a slash at the end.
func (e Endpoint) base() (string, error) {
	u, err := url.Parse(e.URL)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.User != nil, u.RawQuery != "", u.Fragment != "":
		return "", errors.New("a model endpoint's URL must be such as https://models.example/v1, without user, query or fragment")
	case e.Model == "" || len(e.Model) > maxModelName:
		return "", errors.New("a model endpoint needs the name of its model, of at most 200 bytes")
	case len(e.Key) > maxKey || strings.ContainsFunc(string(e.Key), func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("a model endpoint's key must be printable ASCII without blanks, of at most 4096 bytes")
	}
	return strings.TrimRight(u.String(), "/"), nil
}
