// Package kube talks to a cluster's API server: the few requests that devcluster makes itself, and
// kubectl for the rest.
package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// ErrNotFound is what the API server answers for an object that is not there.
var ErrNotFound = errors.New("not found")

// Client makes requests as the cluster's administrator.
type Client struct {
	base string
	http *http.Client
}

// New returns a client of a cluster that devcluster runs.
func New(cluster state.Cluster) (*Client, error) {
	settings, err := cluster.Load()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(cluster.Path("pki", "admin.crt"), cluster.Path("pki", "admin.key"))
	if err != nil {
		return nil, fmt.Errorf("the cluster has no credentials yet; run `devcluster up`: %w", err)
	}
	ca, err := os.ReadFile(cluster.Path("pki", "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &Client{
		base: fmt.Sprintf("https://127.0.0.1:%d", settings.APIPort),
		http: &http.Client{Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots},
			TLSHandshakeTimeout: 5 * time.Second,
			ForceAttemptHTTP2:   true,
		}},
	}, nil
}

// Get reads an object or a list.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, nil, into)
}

// Create makes an object.
func (c *Client) Create(ctx context.Context, path string, object any) error {
	return c.do(ctx, http.MethodPost, path, object, nil)
}

// Delete removes an object.
func (c *Client) Delete(ctx context.Context, path string) error {
	return c.do(ctx, http.MethodDelete, path, nil, nil)
}

// Watch calls changed for every event until the server or ctx ends the watch.
func (c *Client) Watch(ctx context.Context, path string, changed func()) error {
	response, err := c.send(ctx, http.MethodGet, path+"?watch=true", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for events := json.NewDecoder(response.Body); ; {
		var event json.RawMessage
		if err := events.Decode(&event); err != nil {
			return err
		}
		changed()
	}
}

func (c *Client) do(ctx context.Context, method, path string, object, into any) error {
	response, err := c.send(ctx, method, path, object)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

func (c *Client) send(ctx context.Context, method, path string, object any) (*http.Response, error) {
	var body io.Reader
	if object != nil {
		raw, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 300 {
		return response, nil
	}
	defer response.Body.Close()
	return nil, apiError(method, path, response)
}

func apiError(method, path string, response *http.Response) error {
	said, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // the status line tells enough without it
	err := fmt.Errorf("%s %s: %s: %s", method, path, response.Status, strings.TrimSpace(string(said)))
	if response.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}
