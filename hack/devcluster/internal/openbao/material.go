package openbao

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/file"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/pki"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// Material is what the server's pod is given: base64, as a Secret wants it.
type Material struct{ Cert, Key, SealKey string }

// Version changes with the certificate, which the server reads only when it starts.
func (m Material) Version() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(m.Cert)))
}

// Prepare makes the server's certificate, the key that it unseals itself with, and its directories.
func Prepare(cluster state.Cluster, plan addresses.Plan) (Material, error) {
	ca, err := pki.Open(cluster.Path("openbao"), "bulkhead-devcluster-openbao")
	if err != nil {
		return Material{}, err
	}
	// A linked cluster does not know our names: to it the server is an address.
	hosts := []string{
		"openbao", "openbao.openbao", "openbao.openbao.svc", "openbao.openbao.svc.cluster.local", plan.Vault.String(),
		"localhost", "127.0.0.1",
	}
	if err := ca.Server("server", hosts...); err != nil {
		return Material{}, err
	}
	sealKey := cluster.Path("openbao", "seal-key")
	if err := makeSealKey(sealKey); err != nil {
		return Material{}, err
	}
	for _, dir := range []string{"data", "audit"} {
		if err := writable(cluster.Path("openbao", dir)); err != nil {
			return Material{}, err
		}
	}
	var contents []string
	for _, file := range []string{ca.CertFile("server"), ca.KeyFile("server"), sealKey} {
		raw, err := os.ReadFile(file)
		if err != nil {
			return Material{}, err
		}
		contents = append(contents, base64.StdEncoding.EncodeToString(raw))
	}
	return Material{Cert: contents[0], Key: contents[1], SealKey: contents[2]}, nil
}

func makeSealKey(path string) error {
	key := make([]byte, 32)
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(key)) {
		return nil
	}
	if _, err := rand.Read(key); err != nil {
		return err
	}
	return file.Replace(path, key, 0o600)
}

// writable makes a directory for the server's user, which the host does not know.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("make a directory for the key server: %w", err)
	}
	return os.Chmod(dir, 0o777)
}
