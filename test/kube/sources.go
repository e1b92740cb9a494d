package kube

import (
	"context"
	"fmt"
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

// cloudNativePG are the definitions that its own module ships.
func cloudNativePG(ctx context.Context) ([]string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/cloudnative-pg/cloudnative-pg")
	list.Dir = repository()
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("find CloudNativePG's definitions: %w", err)
	}
	bases := filepath.Join(strings.TrimSpace(string(out)), "config", "crd", "bases")
	return []string{filepath.Join(bases, "postgresql.cnpg.io_clusters.yaml"), filepath.Join(bases, "postgresql.cnpg.io_scheduledbackups.yaml")}, nil
}
