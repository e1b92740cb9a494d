// Package addons holds what is installed into a new cluster over its API.
package addons

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/openbao"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/volumes"
)

//go:embed manifests/*.yaml
var manifests embed.FS

// Foundation is the StorageClass and the rights of the node's parts.
func Foundation() (string, error) {
	return fill("foundation.yaml", map[string]any{"Provisioner": volumes.Provisioner})
}

// CoreDNS is the cluster's DNS server.
func CoreDNS(plan addresses.Plan, image string) (string, error) {
	return fill("coredns.yaml", map[string]any{"CoreDNS": image, "DNSIP": plan.DNS})
}

// OpenBao is the key server.
func OpenBao(cluster state.Cluster, plan addresses.Plan, image string) (string, error) {
	material, err := openbao.Prepare(cluster, plan)
	if err != nil {
		return "", err
	}
	return fill("openbao.yaml", map[string]any{
		"OpenBao": image,
		"VaultIP": plan.Vault,
		"State":   cluster.Dir,
		"Vault":   material,
	})
}

func fill(name string, values map[string]any) (string, error) {
	parsed, err := template.New(name).Option("missingkey=error").ParseFS(manifests, "manifests/"+name)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, values); err != nil {
		return "", fmt.Errorf("fill in %s: %w", name, err)
	}
	return out.String(), nil
}
