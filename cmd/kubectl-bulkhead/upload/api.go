package upload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

const (
	// tries bounds how often one request is sent that the server puts off, or that
	// does not get through.
	tries = 20
	// leastPause is between two tries when the server does not say.
	leastPause = time.Second
	// answerTimeout is for a request without its body, of which slowest arrive a second.
	answerTimeout = 90 * time.Second
	slowest       = 64 << 10
	maxAnswer     = 8 << 20 // bytes
)

// api is the HTTP API of a tenant.
type api struct {
	url  string
	key  string
	http *http.Client
}

// document is one as the API tells of it.
type document struct {
	ID         string  `json:"id"`
	ExternalID string  `json:"external_id"`
	Status     string  `json:"status"`
	LastError  *reason `json:"last_error"`
}

// reason is why a file is no document.
type reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (r *reason) Error() string { return r.Code + ": " + r.Message }

// send has a file read later. unchanged is true when it is the document already.
// Errors: *reason when the file is refused for good.
func (a *api) send(ctx context.Context, f file) (doc document, unchanged bool, err error) {
	status, err := a.retry(ctx, f.bytes, &doc, func(ctx context.Context) (*http.Request, error) {
		body, err := os.Open(f.path)
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, a.url+"/v1/documents/"+url.PathEscape(f.name), body)
		if err != nil {
			return nil, errors.Join(err, body.Close())
		}
		info, err := body.Stat()
		if err != nil {
			return nil, errors.Join(err, body.Close())
		}
		req.ContentLength = info.Size()
		req.Header.Set("Content-Type", f.media)
		req.Header.Set("Prefer", "respond-async")
		return req, nil
	})
	return doc, status == http.StatusOK && doc.Status == "completed", err
}

// list reads all documents of a status.
func (a *api) list(ctx context.Context, status string) ([]document, error) {
	var all []document
	for after := ""; ; {
		var page struct {
			Data    []document `json:"data"`
			HasMore bool       `json:"has_more"`
			LastID  string     `json:"last_id"`
		}
		query := url.Values{"status": {status}, "limit": {"100"}, "after": {after}}
		_, err := a.retry(ctx, 0, &page, func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/v1/documents?"+query.Encode(), http.NoBody)
		})
		all = append(all, page.Data...)
		if err != nil || !page.HasMore {
			return all, err
		}
		after = page.LastID
	}
}

// retry sends a request until it is answered for good.
func (a *api) retry(ctx context.Context, size int64, into any, request func(context.Context) (*http.Request, error)) (status int, err error) {
	for range tries {
		var pause time.Duration
		status, pause, err = a.try(ctx, size, into, request)
		if pause == 0 {
			return status, err
		}
		select {
		case <-ctx.Done():
			return status, ctx.Err()
		case <-time.After(pause):
		}
	}
	return status, fmt.Errorf("given up after %d tries: %w", tries, err)
}

// try sends a request once. With a pause it may be sent again.
func (a *api) try(ctx context.Context, size int64, into any, request func(context.Context) (*http.Request, error)) (status int, pause time.Duration, err error) {
	limited, cancel := context.WithTimeout(ctx, answerTimeout+time.Duration(size/slowest)*time.Second)
	defer cancel()
	req, err := request(limited)
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	resp, err := a.http.Do(req)
	if err != nil {
		return 0, leastPause, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, leastPause, err
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		return resp.StatusCode, 0, json.Unmarshal(text, into)
	}
	var refused struct {
		Error *reason `json:"error"`
	}
	if err := json.Unmarshal(text, &refused); err != nil || refused.Error == nil {
		return resp.StatusCode, 0, fmt.Errorf("%s answers %s, not as a runtime does: is --url its address, with the right scheme?", a.url, resp.Status)
	}
	if after := resp.Header.Get("Retry-After"); after != "" {
		seconds, _ := strconv.Atoi(after) // else at once
		pause = max(leastPause, time.Duration(seconds)*time.Second)
	}
	return resp.StatusCode, pause, refused.Error
}
