package pki

import (
	"encoding/base64"
	"fmt"
	"os"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/file"
)

const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: %[1]s
  user:
    client-certificate-data: %[4]s
    client-key-data: %[5]s
contexts:
- name: %[1]s
  context: {cluster: %[1]s, user: %[1]s}
current-context: %[1]s
`

// Kubeconfig writes a kubeconfig for the client certificate of that name. It holds the keys
// themselves, so it works from anywhere.
func (a *Authority) Kubeconfig(path, cluster, server, client string) error {
	var data []any
	for _, file := range []string{a.CertFile("ca"), a.CertFile(client), a.KeyFile(client)} {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		data = append(data, base64.StdEncoding.EncodeToString(raw))
	}
	content := fmt.Sprintf(kubeconfig, append([]any{cluster, server}, data...)...)
	return file.Replace(path, []byte(content), 0o600)
}
