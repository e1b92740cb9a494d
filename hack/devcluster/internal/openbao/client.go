// Package openbao sets up the cluster's key server, which speaks the HashiCorp Vault API.
package openbao

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Client makes requests to a Vault API.
type Client struct {
	address string
	token   string
	http    *http.Client
}

// NewClient trusts the certificate authority in caFile; without one it trusts those of the machine.
func NewClient(address, caFile, token string) (*Client, error) {
	config := &tls.Config{}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificate authority of %s: %w", address, err)
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	return &Client{
		address: strings.TrimSuffix(address, "/"),
		token:   token,
		http:    &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: config}},
	}, nil
}

// Health is what the server says of itself.
type Health struct {
	Initialized bool   `json:"initialized"`
	Sealed      bool   `json:"sealed"`
	Version     string `json:"version"`
}

// Health asks any server, sealed or not.
func (c *Client) Health(ctx context.Context) (Health, error) {
	var health Health
	const alwaysOK = "?uninitcode=200&sealedcode=200&standbyok=true"
	err := c.do(ctx, http.MethodGet, "sys/health"+alwaysOK, nil, &health)
	return health, err
}

// Ready says why the server would not serve.
func (c *Client) Ready(ctx context.Context) error {
	health, err := c.Health(ctx)
	switch {
	case err != nil:
		return err
	case !health.Initialized:
		return fmt.Errorf("%s is not initialised", c.address)
	case health.Sealed:
		return fmt.Errorf("%s is sealed", c.address)
	case c.token == "":
		return fmt.Errorf("nobody has the root token of %s", c.address)
	default:
		return nil
	}
}

// Read reads a path.
func (c *Client) Read(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, nil, into)
}

// Write writes a path.
func (c *Client) Write(ctx context.Context, path string, body, into any) error {
	return c.do(ctx, http.MethodPut, path, body, into)
}

func (c *Client) do(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.address+"/v1/"+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("X-Vault-Token", c.token)
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // the status line tells enough without it
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, strings.TrimSpace(string(said)))
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}
