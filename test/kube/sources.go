package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// repository is the checkout that this file is in.
func repository() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// CloudNativePG are the files with its definitions that its own module ships.
func CloudNativePG(ctx context.Context) ([]string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/cloudnative-pg/cloudnative-pg")
	list.Dir = repository()
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("find CloudNativePG's definitions: %w", err)
	}
	bases := filepath.Join(strings.TrimSpace(string(out)), "config", "crd", "bases")
	return []string{filepath.Join(bases, "postgresql.cnpg.io_clusters.yaml"), filepath.Join(bases, "postgresql.cnpg.io_scheduledbackups.yaml")}, nil
}

// Cluster API is no dependency of anything here: only its definitions are used.
const (
	clusterAPI    = "sigs.k8s.io/cluster-api@v1.14.2"
	clusterAPISum = "h1:o3GFNaeNFAOEEMpDPfhCK+2CjmV6gtQ8yLEcUwCg7bA="
)

// ClusterAPI are the files with its definitions that its own module ships.
func ClusterAPI(ctx context.Context) ([]string, error) {
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", clusterAPI)
	download.Dir = os.TempDir() // outside of every module: nothing is recorded
	out, err := download.Output()
	if err != nil {
		return nil, fmt.Errorf("download %s: %w: %s", clusterAPI, err, out)
	}
	var module struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, fmt.Errorf("download %s: %w", clusterAPI, err)
	}
	if module.Sum != clusterAPISum {
		return nil, fmt.Errorf("%s has the checksum %s and not %s", clusterAPI, module.Sum, clusterAPISum)
	}
	bases := filepath.Join(module.Dir, "core", "config", "crd", "bases")
	return []string{filepath.Join(bases, "cluster.x-k8s.io_clusters.yaml"), filepath.Join(bases, "cluster.x-k8s.io_clusterclasses.yaml")}, nil
}
