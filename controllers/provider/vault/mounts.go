package vault

import (
	"context"
	"crypto/sha256"
	"net/http"

	vaultapi "github.com/hashicorp/vault/api"
)

// Mount is the Kubernetes auth mount that the pods of another cluster log in at.
type Mount struct {
	// Path is where it is mounted, such as bulkhead/second. The operator's
	// policy lets it mount at bulkhead/<one segment> only.
	Path string
	// Host is the URL of the cluster's API server, as Vault reaches it.
	Host string
	// CAPEM is the authority behind that server's certificate. Vault demands one.
	CAPEM string
	// ReviewerJWT is the token as which Vault asks that server whether the token
	// that a pod logs in with is genuine.
	ReviewerJWT string
}

// Mounts keeps the auth mounts of other clusters.
type Mounts interface {
	// EnsureAuthMount makes the mount as given. It is idempotent and only reads
	// when nothing differs. Vault does not show a reviewer's token: whether that
	// one differs is known of those that were written since the start, so the
	// first call for a mount writes.
	EnsureAuthMount(ctx context.Context, mount Mount) error
}

var _ Mounts = (*Client)(nil)

// EnsureAuthMount implements Mounts.
func (c *Client) EnsureAuthMount(ctx context.Context, mount Mount) error {
	config := "auth/" + mount.Path + "/config"
	live, err := c.read(ctx, config)
	if err != nil {
		return err
	}
	if live != nil && contains(live.Data, mountConfig(mount)) && c.hasWritten(mount) {
		return nil
	}
	if live == nil {
		if err := c.enable(ctx, mount.Path); err != nil {
			return err
		}
	}
	data := mountConfig(mount)
	data["token_reviewer_jwt"] = mount.ReviewerJWT
	if err := c.write(ctx, config, data); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reviewers[mount.Path] = sha256.Sum256([]byte(mount.ReviewerJWT))
	return nil
}

// enable makes the mount. One that is in use has no configuration yet, or is
// not ours to have: writing its configuration tells.
func (c *Client) enable(ctx context.Context, path string) error {
	return c.call(ctx, func(ctx context.Context, api *vaultapi.Client) error {
		_, err := api.Logical().WriteWithContext(ctx, "sys/auth/"+path, map[string]any{"type": "kubernetes"})
		if hasStatus(err, http.StatusBadRequest) {
			return nil
		}
		return err
	})
}

func (c *Client) hasWritten(mount Mount) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	written, ok := c.reviewers[mount.Path]
	return ok && written == sha256.Sum256([]byte(mount.ReviewerJWT))
}

// mountConfig is what Vault shows of a mount. It must not fall back on the
// identity of its own pod, which is of another cluster.
func mountConfig(mount Mount) map[string]any {
	return map[string]any{
		"kubernetes_host":      mount.Host,
		"kubernetes_ca_cert":   mount.CAPEM,
		"disable_local_ca_jwt": true,
	}
}
