package openbao

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/file"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/poll"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// Open returns a client of the cluster's server with the root token, "" before there is one.
func Open(cluster state.Cluster) (*Client, error) {
	settings, err := cluster.Load()
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(cluster.VaultToken())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	address := fmt.Sprintf("https://127.0.0.1:%d", settings.VaultPort)
	return NewClient(address, cluster.VaultCA(), strings.TrimSpace(string(token)))
}

// ErrHalfDone is a server that has made its keys, while whoever asked for them was killed before it had
// kept the root token. Nobody has ever been let in, so Empty loses nothing.
var ErrHalfDone = errors.New("OpenBao was initialised by an `up` that was killed, and nobody has its root token")

// Initialise waits for the server, makes its keys if it has none, and waits until it has unsealed
// itself.
func Initialise(ctx context.Context, cluster state.Cluster, log io.Writer) error {
	client, err := Open(cluster)
	if err != nil {
		return err
	}
	var health Health
	if err := poll.Until(ctx, 200*time.Millisecond, func() (err error) {
		health, err = client.Health(ctx)
		return err
	}); err != nil {
		return err
	}
	if !health.Initialized {
		if err := client.initialise(ctx, cluster.VaultToken()); err != nil {
			return err
		}
		fmt.Fprintln(log, "initialised")
	}
	if client.token == "" {
		return tokenless(cluster.VaultToken())
	}
	return poll.Until(ctx, 100*time.Millisecond, func() error { return client.Ready(ctx) })
}

// initialise leaves an empty file for the token while it is under way.
func (c *Client) initialise(ctx context.Context, tokenFile string) error {
	if err := file.Replace(tokenFile, nil, 0o600); err != nil {
		return err
	}
	var keys struct {
		RootToken string `json:"root_token"`
	}
	request := map[string]int{"recovery_shares": 1, "recovery_threshold": 1}
	if err := c.Write(ctx, "sys/init", request, &keys); err != nil {
		return fmt.Errorf("initialise the key server: %w", err)
	}
	c.token = keys.RootToken
	return file.Replace(tokenFile, []byte(c.token+"\n"), 0o600)
}

// tokenless says what is to be done about a server that was initialised.
func tokenless(tokenFile string) error {
	if _, err := os.Stat(tokenFile); err == nil {
		return ErrHalfDone
	}
	return fmt.Errorf("%s is gone; put OpenBao's root token there, or make the cluster anew: up --fresh", tokenFile)
}

// Empty forgets what the server, which must not run, has kept.
func Empty(cluster state.Cluster) error {
	data := cluster.Path("openbao", "data")
	return errors.Join(os.RemoveAll(data), writable(data))
}

// role is how the operator logs in.
var role = map[string]any{
	"bound_service_account_names":      []string{"bulkhead-manager"},
	"bound_service_account_namespaces": []string{"bulkhead-system"},
	"audience":                         "vault",
	"token_policies":                   []string{policyName},
	"token_type":                       "batch",
	"token_ttl":                        "15m",
	"token_no_default_policy":          true,
}

const policyName = "bulkhead-operator"

// Configure mounts what Bulkhead uses and lets the operator in. It may be called again at any time.
func Configure(ctx context.Context, cluster state.Cluster, policyFile string, log io.Writer) error {
	client, err := Open(cluster)
	if err != nil {
		return err
	}
	if err := errors.Join(
		client.mount(ctx, "sys/mounts", "transit"),
		client.mount(ctx, "sys/auth", "kubernetes"),
	); err != nil {
		return err
	}
	// The server reads the certificate authority and its reviewer's token from its own pod.
	login := map[string]string{"kubernetes_host": "https://kubernetes.default.svc"}
	if err := client.Write(ctx, "auth/kubernetes/config", login, nil); err != nil {
		return err
	}
	if err := client.Write(ctx, "auth/kubernetes/role/"+policyName, role, nil); err != nil {
		return err
	}
	policy, err := os.ReadFile(policyFile)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(log, "no %s: the operator may do nothing yet\n", policyFile)
		return nil
	}
	if err != nil {
		return err
	}
	return client.Write(ctx, "sys/policies/acl/"+policyName, map[string]string{"policy": string(policy)}, nil)
}

// mount mounts an engine at a path of its own name, unless it is mounted there.
func (c *Client) mount(ctx context.Context, at, engine string) error {
	var mounted struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	if err := c.Read(ctx, at, &mounted); err != nil {
		return err
	}
	if _, ok := mounted.Data[engine+"/"]; ok {
		return nil
	}
	return c.Write(ctx, at+"/"+engine, map[string]string{"type": engine}, nil)
}
