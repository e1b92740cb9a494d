package pki

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/file"
)

// ServiceAccountKey makes the key pair that signs ServiceAccount tokens: sa.key and sa.pub.
func (a *Authority) ServiceAccountKey() error {
	public := a.ServiceAccountPublicKey()
	if _, err := os.Stat(public); err == nil {
		return nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	if err := writePEM(a.KeyFile("sa"), "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), 0o600); err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return writePEM(public, "PUBLIC KEY", der, 0o644)
}

// ServiceAccountPublicKey is the path of the public half.
func (a *Authority) ServiceAccountPublicKey() string { return a.dir + "/sa.pub" }

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	return file.Replace(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
