package vault

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	vaultapi "github.com/hashicorp/vault/api"
)

// requestTimeout bounds one call to Vault.
const requestTimeout = 5 * time.Second

// Options say where Vault is and who we are.
type Options struct {
	Address      string
	CABundle     string // PEM; the system's roots when empty
	TransitMount string
	AuthMount    string
	Role         string // of the operator
	Audience     string // of the runtimes' tokens
	TokenFile    string // the operator's projected ServiceAccount token
}

// Client keeps the tenants' keys in a Vault server. It is safe for concurrent use.
type Client struct {
	options Options
	api     *vaultapi.Client
	breaker breaker

	mu        sync.Mutex
	token     string
	renewAt   time.Time
	reviewers map[string][sha256.Size]byte // hashes of the reviewers' tokens that were written, by mount
}

var _ Keys = (*Client)(nil)

// New makes a client. It makes no call.
func New(options Options) (*Client, error) {
	config := vaultapi.DefaultConfig()
	if config.Error != nil {
		return nil, config.Error
	}
	config.Address = options.Address
	config.Timeout = requestTimeout
	config.MaxRetries = 0 // the reconcile loop retries, at a bounded rate
	if options.CABundle != "" {
		if err := config.ConfigureTLS(&vaultapi.TLSConfig{CACertBytes: []byte(options.CABundle)}); err != nil {
			return nil, err
		}
	}
	api, err := vaultapi.NewClient(config)
	if err != nil {
		return nil, err
	}
	return &Client{options: options, api: api, reviewers: map[string][sha256.Size]byte{}}, nil
}

// Observe implements Keys.
func (c *Client) Observe(ctx context.Context, spec Spec) (State, error) {
	key, err := c.read(ctx, c.keyPath(spec.Key))
	if err != nil || key == nil {
		return KeyMissing, err
	}
	stored, err := c.read(ctx, policyPath(spec.Role))
	if err != nil || stored == nil || stored.Data["policy"] != policy(c.options.TransitMount, spec.Key) {
		return Differs, err
	}
	live, err := c.read(ctx, c.rolePath(spec.AuthMount, spec.Role))
	if err != nil || live == nil || !contains(live.Data, role(spec, c.options.Audience)) {
		return Differs, err
	}
	return AsIntended, nil
}

// Ensure implements Keys.
func (c *Client) Ensure(ctx context.Context, spec Spec) error {
	// Creating a key that exists changes nothing.
	if err := c.write(ctx, c.keyPath(spec.Key), map[string]any{"type": "aes256-gcm96"}); err != nil {
		return err
	}
	return c.EnsureAccess(ctx, spec)
}

// EnsureAccess implements Keys.
func (c *Client) EnsureAccess(ctx context.Context, spec Spec) error {
	if err := c.write(ctx, policyPath(spec.Role), map[string]any{"policy": policy(c.options.TransitMount, spec.Key)}); err != nil {
		return err
	}
	return c.write(ctx, c.rolePath(spec.AuthMount, spec.Role), role(spec, c.options.Audience))
}

// DeleteRole implements Keys.
func (c *Client) DeleteRole(ctx context.Context, authMount, role string) error {
	return c.call(ctx, func(ctx context.Context, api *vaultapi.Client) error {
		_, err := api.Logical().DeleteWithContext(ctx, c.rolePath(authMount, role))
		if hasStatus(err, http.StatusNotFound) {
			return nil // a mount that was removed took its roles along
		}
		return err
	})
}

func (c *Client) keyPath(key string) string { return c.options.TransitMount + "/keys/" + key }
func policyPath(name string) string         { return "sys/policies/acl/" + name }

func (c *Client) rolePath(authMount, role string) string {
	return "auth/" + cmp.Or(authMount, c.options.AuthMount) + "/role/" + role
}

func (c *Client) read(ctx context.Context, path string) (secret *vaultapi.Secret, err error) {
	err = c.call(ctx, func(ctx context.Context, api *vaultapi.Client) error {
		secret, err = api.Logical().ReadWithContext(ctx, path)
		return err
	})
	return secret, err
}

func (c *Client) write(ctx context.Context, path string, data map[string]any) error {
	return c.call(ctx, func(ctx context.Context, api *vaultapi.Client) error {
		_, err := api.Logical().WriteWithContext(ctx, path, data)
		return err
	})
}

// call makes one call with a valid token, and once more with a fresh one when
// the token that was kept is refused.
func (c *Client) call(ctx context.Context, do func(context.Context, *vaultapi.Client) error) error {
	if err := c.breaker.allow(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*requestTimeout)
	defer cancel()
	token, fresh, err := c.login(ctx)
	if err == nil {
		err = do(ctx, c.withToken(token))
		if !fresh && isDenied(err) {
			c.forget(token)
			if token, _, err = c.login(ctx); err == nil {
				err = do(ctx, c.withToken(token))
			}
		}
	}
	err = classify(err)
	c.breaker.record(err)
	return err
}

func (c *Client) withToken(token string) *vaultapi.Client {
	api := c.api.WithRequestCallbacks(func(*vaultapi.Request) { requests.Inc() }) // a shallow copy that shares the connections
	api.SetToken(token)
	return api
}

// login returns a token, a fresh one when none is kept.
func (c *Client) login(ctx context.Context) (token string, fresh bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != "" && time.Now().Before(c.renewAt) {
		return c.token, false, nil
	}
	identity, err := os.ReadFile(c.options.TokenFile)
	if err != nil {
		return "", false, err
	}
	secret, err := c.withToken("").Logical().WriteWithContext(ctx, "auth/"+c.options.AuthMount+"/login",
		map[string]any{"role": c.options.Role, "jwt": strings.TrimSpace(string(identity))})
	if err != nil {
		return "", false, err
	}
	if secret == nil || secret.Auth == nil {
		return "", false, errors.New("the login returned no token")
	}
	c.token = secret.Auth.ClientToken
	c.renewAt = time.Now().Add(time.Duration(secret.Auth.LeaseDuration) * time.Second * 2 / 3)
	return c.token, true, nil
}

func (c *Client) forget(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = ""
	}
}

func isDenied(err error) bool { return hasStatus(err, http.StatusForbidden) }

func hasStatus(err error, status int) bool {
	response := (*vaultapi.ResponseError)(nil)
	return errors.As(err, &response) && response.StatusCode == status
}

// classify turns an answer, or the lack of one, into one of our errors. The
// text of a response stays out of it: it can quote what was sent.
func classify(err error) error {
	if err == nil {
		return nil
	}
	response := (*vaultapi.ResponseError)(nil)
	switch {
	case !errors.As(err, &response):
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%w: its ServiceAccount token is not mounted", ErrDenied)
		}
		return ErrUnreachable
	case response.StatusCode == http.StatusServiceUnavailable:
		return ErrSealed
	case response.StatusCode == http.StatusForbidden, response.StatusCode == http.StatusBadRequest && strings.HasSuffix(response.URL, "/login"):
		return fmt.Errorf("%w: %s %s", ErrDenied, response.HTTPMethod, path(response.URL))
	case response.StatusCode >= http.StatusInternalServerError:
		return fmt.Errorf("%w: status %d", ErrUnreachable, response.StatusCode)
	}
	return fmt.Errorf("vault: %s %s: status %d", response.HTTPMethod, path(response.URL), response.StatusCode)
}

func path(url string) string {
	if _, after, ok := strings.Cut(url, "/v1/"); ok {
		return after
	}
	return ""
}

// contains compares what was read with what would be written.
func contains(live, wanted map[string]any) bool {
	for key, value := range wanted {
		if !reflect.DeepEqual(normal(live[key]), normal(value)) {
			return false
		}
	}
	return true
}

func normal(value any) any {
	data, err := json.Marshal(value)
	if err != nil {
		return value
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return value
	}
	return out
}
