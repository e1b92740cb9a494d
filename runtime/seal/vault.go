package seal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/outage"
)

// VaultConfig says where Vault is and how a runtime proves its identity.
type VaultConfig struct {
	Address   string
	CAFile    string // PEM; the system's roots when the file does not exist
	AuthMount string // of the Kubernetes auth method
	TokenFile string // the pod's projected ServiceAccount token, read at every login
}

const (
	vaultTimeout  = 5 * time.Second
	vaultResponse = 1 << 20 // bytes
	// loginMargin is how long before its end a token is no longer used.
	loginMargin = 30 * time.Second
	// probeInterval is how often an unreachable Vault is tried again, by all
	// tenants together.
	probeInterval = time.Second
)

// Vault is a client of Vault (or OpenBao) that logs in once per role. It is
// safe for concurrent use.
type Vault struct {
	config VaultConfig
	client *api.Client
	outage *outage.Breaker

	mu     sync.Mutex
	tokens map[string]token // by role
}

type token struct {
	text string
	ends time.Time
}

// NewVault makes a client; it does not connect yet.
func NewVault(c VaultConfig) (*Vault, error) {
	transport, err := vaultTransport(c.CAFile)
	if err != nil {
		return nil, err
	}
	settings := api.DefaultConfig()
	if settings.Error != nil {
		return nil, fmt.Errorf("vault client: %w", settings.Error)
	}
	settings.Address = c.Address
	// The HttpClient stays: it leaves redirects to the API client, which does not follow one out of TLS.
	settings.HttpClient.Transport = transport
	settings.Timeout = vaultTimeout
	settings.MaxRetries = 0 // the callers' schedules are the only retries
	client, err := api.NewClient(settings)
	if err != nil {
		return nil, fmt.Errorf("vault client: %w", err)
	}
	client.ClearToken()
	return &Vault{config: c, client: client, outage: outage.NewBreaker(probeInterval), tokens: map[string]token{}}, nil
}

func vaultTransport(caFile string) (http.RoundTripper, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	transport.MaxIdleConnsPerHost = 16
	pem, err := os.ReadFile(caFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("vault CA: %w", err)
	default:
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("vault CA: no certificate in " + caFile)
		}
	}
	return boundedResponses{transport}, nil
}

// boundedResponses keeps a broken server from filling our memory.
type boundedResponses struct{ http.RoundTripper }

func (b boundedResponses) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, vaultResponse)
	}
	return resp, err
}

// KEK is the key that a Binding names.
func (v *Vault) KEK(key binding.Key) KEK { return transit{vault: v, key: key} }

// write asks as the role. A refusal counts only if a fresh login met it too:
// the cached token may have been revoked or lost with a restart.
func (v *Vault) write(ctx context.Context, role, path string, body map[string]any) (map[string]any, error) {
	if !v.outage.MayTry(time.Now()) {
		return nil, fmt.Errorf("%w: tried less than %s ago", ErrUnreachable, probeInterval)
	}
	cached, held := v.cached(role)
	if held {
		data, err := v.post(ctx, cached, path, body)
		if !errors.Is(err, ErrDenied) {
			return data, err
		}
	}
	fresh, err := v.login(ctx, role)
	if err != nil {
		return nil, err
	}
	return v.post(ctx, fresh, path, body)
}

func (v *Vault) post(ctx context.Context, token, path string, body map[string]any) (map[string]any, error) {
	client, err := v.client.Clone()
	if err != nil {
		return nil, fmt.Errorf("vault client: %w", err)
	}
	client.SetToken(token)
	secret, err := client.Logical().WriteWithContext(ctx, path, body)
	if err = v.judge(err, refused); err != nil {
		return nil, err
	}
	if secret == nil {
		return nil, fmt.Errorf("%w: empty answer", ErrUnreachable)
	}
	return secret.Data, nil
}

// login exchanges the pod's token for one of the role and keeps it.
func (v *Vault) login(ctx context.Context, role string) (string, error) {
	jwt, err := os.ReadFile(v.config.TokenFile)
	if err != nil {
		return "", fmt.Errorf("%w: ServiceAccount token: %w", ErrUnreachable, err)
	}
	client, err := v.client.Clone()
	if err != nil {
		return "", fmt.Errorf("vault client: %w", err)
	}
	secret, err := client.Logical().WriteWithContext(ctx, "auth/"+v.config.AuthMount+"/login",
		map[string]any{"role": role, "jwt": strings.TrimSpace(string(jwt))})
	if err = v.judge(err, refusedLogin); err != nil {
		return "", fmt.Errorf("login to role %s: %w", role, err)
	}
	if secret == nil || secret.Auth == nil {
		return "", fmt.Errorf("login to role %s: %w: empty answer", role, ErrUnreachable)
	}
	ends := time.Now().Add(time.Duration(secret.Auth.LeaseDuration)*time.Second - loginMargin)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tokens[role] = token{text: secret.Auth.ClientToken, ends: ends}
	return secret.Auth.ClientToken, nil
}

func (v *Vault) cached(role string) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t, ok := v.tokens[role]
	return t.text, ok && time.Now().Before(t.ends)
}

// Forget drops the token of a role that is no longer used.
func (v *Vault) Forget(role string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.tokens, role)
}

// judge sorts an error of the client into denied and unreachable. Vault's own
// text is dropped: it may quote the request.
func (v *Vault) judge(err error, refused func(*api.ResponseError) bool) error {
	if err == nil {
		v.outage.End()
		return nil
	}
	var answer *api.ResponseError
	if !errors.As(err, &answer) {
		v.outage.Begin(time.Now())
		return fmt.Errorf("%w: no answer", ErrUnreachable)
	}
	if answer.StatusCode == http.StatusServiceUnavailable {
		v.outage.Begin(time.Now())
	} else {
		v.outage.End()
	}
	if refused(answer) {
		return fmt.Errorf("%w: status %d", ErrDenied, answer.StatusCode)
	}
	return fmt.Errorf("%w: status %d", ErrUnreachable, answer.StatusCode)
}

// refused: the key does not exist, is disabled, or is not allowed to the role.
func refused(answer *api.ResponseError) bool {
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound:
		return true
	}
	return false
}

// refusedLogin: the role is gone or not meant for this ServiceAccount. A bare
// "permission denied" is no refusal: the auth method answers it as well while
// it can not reach the Kubernetes API to review the token.
func refusedLogin(answer *api.ResponseError) bool {
	text := strings.Join(answer.Errors, "\n")
	return answer.StatusCode == http.StatusBadRequest && strings.Contains(text, "invalid role name") ||
		answer.StatusCode == http.StatusForbidden && strings.Contains(text, "not authorized")
}
