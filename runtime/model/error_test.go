package model_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/model"
	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   error
		says   string
	}{
		{http.StatusBadRequest, `{"error":{"message":"bad hunter2"}}`, model.ErrRefused, "(HTTP 400)"},
		{http.StatusBadRequest, `{"error":{"code":"context_length_exceeded"}}`, model.ErrTooLarge, "longer than the model reads"},
		{http.StatusBadRequest, `{"error":{"code":"hunter2"}}`, model.ErrRefused, "documentation"},
		{http.StatusBadRequest, `{"error":{"code":400}}`, model.ErrRefused, "documentation"},
		{http.StatusUnauthorized, `hunter2 is wrong`, model.ErrRefused, "set a valid one"},
		{http.StatusForbidden, ``, model.ErrRefused, "may not use"},
		{http.StatusNotFound, `<html>hunter2</html>`, model.ErrRefused, "correct the model's name"},
		{http.StatusRequestEntityTooLarge, `{}`, model.ErrTooLarge, "send less"},
		{http.StatusTooManyRequests, `{"error":{"code":"insufficient_quota"}}`, model.ErrRefused, "used up"},
		{http.StatusTemporaryRedirect, ``, model.ErrRefused, "redirects"},
	} {
		asked := 0
		client, endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		e, err := model.NewEmbedder(client, model.EmbedderConfig{Endpoint: endpoint, Dimensions: 2})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Embed(t.Context(), []string{"a"})
		fails(t, fmt.Sprintf("%d %s", c.status, c.body), err, c.kind, c.says)
		if asked != 1 {
			t.Errorf("%d was asked %d times", c.status, asked)
		}
	}
}

func TestOriginsThatAreClosed(t *testing.T) {
	client, endpoint := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	endpoint.URL = strings.Replace(endpoint.URL, "127.0.0.1", "localhost", 1)
	e, err := model.NewEmbedder(client, model.EmbedderConfig{Endpoint: endpoint, Dimensions: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Embed(t.Context(), []string{"a"})
	fails(t, "another name", err, model.ErrUnreachable, "ask your operator")
	fails(t, "another name", err, outgoing.ErrOrigin, "ask your operator")
}

func TestEndpointsThatCanNotBe(t *testing.T) {
	for _, e := range []model.Endpoint{
		{},
		{URL: "https://models.example"},
		{URL: "models.example/v1", Model: "m"},
		{URL: "ftp://models.example", Model: "m"},
		{URL: "https://u:hunter2@models.example", Model: "m"},
		{URL: "https://models.example?key=hunter2", Model: "m"},
		{URL: "https://models.example", Model: "m", Key: "hunter2\r\nX: y"},
		{URL: "https://models.example", Model: strings.Repeat("m", 201)},
	} {
		_, err := model.NewChat(doer(nil), e)
		if err == nil {
			t.Errorf("%+v is accepted", e)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

func TestKeyIsNotShown(t *testing.T) {
	e := model.Endpoint{Key: "hunter2"}
	shown, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "endpoint", e, "key", e.Key)
	for _, text := range []string{string(shown), log.String(), fmt.Sprint(e), fmt.Sprintf("%+v %#v %q %x", e, e, e.Key, e.Key)} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("%s shows the key", text)
		}
	}
}
