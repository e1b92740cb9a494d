package addons

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulkhead-dev/bulkhead/hack/upstream"
)

// cnpgChanges adapt CloudNativePG's release manifest: our image, and a quick start, for which it
// needs more CPU, eager probes, and no lease of a predecessor to wait for.
var cnpgChanges = []struct{ from, to string }{
	{"imagePullPolicy: Always", "imagePullPolicy: IfNotPresent"},
	{"        - --leader-elect\n", ""},
	{"            cpu: 100m\n            memory: 200Mi\n", "            cpu: \"2\"\n            memory: 500Mi\n"},
	{"            scheme: HTTPS\n        resources:", "            scheme: HTTPS\n          periodSeconds: 1\n        resources:"},
	{"          failureThreshold: 6\n", "          failureThreshold: 60\n"},
	{"          periodSeconds: 5\n", "          periodSeconds: 1\n"},
}

// CloudNativePG is the PostgreSQL operator, from the manifest beside the binaries.
func CloudNativePG(binaries, image string) (string, error) {
	path := filepath.Join(binaries, upstream.CloudNativePGManifest)
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	released := "ghcr.io/cloudnative-pg/cloudnative-pg:" + upstream.CloudNativePGVersion
	manifest := strings.ReplaceAll(string(raw), released, image)
	for _, change := range cnpgChanges {
		if !strings.Contains(manifest, change.from) {
			return "", fmt.Errorf("%s no longer contains %q; adapt cnpgChanges", path, change.from)
		}
		manifest = strings.ReplaceAll(manifest, change.from, change.to)
	}
	return manifest, nil
}

// SampleCluster is a database that nobody makes: the API server is asked whether it would take it.
const SampleCluster = `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: sample, namespace: default}
spec:
  instances: 1
  storage: {size: 1Gi}
`
