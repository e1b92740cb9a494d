package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/openbao"
	"github.com/bulkhead-dev/bulkhead/hack/upstream"
)

func usesExistingCluster() bool { return os.Getenv("USE_EXISTING_CLUSTER") == "true" }

// checkExisting says everything that a cluster of the user's own lacks, and how to get it.
func (a *app) checkExisting(ctx context.Context) error {
	cluster := a.report.Run(ctx, "Kubernetes API of $KUBECONFIG", quickly, existingAPI)
	if cluster == nil {
		cluster = a.report.Run(ctx, "CloudNativePG", quickly, existingCNPG)
	}
	return errors.Join(cluster, a.report.Run(ctx, "Vault at $VAULT_ADDR", quickly, existingVault))
}

func existingAPI(ctx context.Context, log io.Writer) error {
	if os.Getenv("KUBECONFIG") == "" {
		return errors.New("KUBECONFIG is not set; set it to the kubeconfig of the cluster to use")
	}
	if err := kubectl(ctx, log, "get", "--raw", "/readyz"); err != nil {
		return fmt.Errorf("the API server does not answer; check KUBECONFIG and the cluster: %w", err)
	}
	return nil
}

func existingCNPG(ctx context.Context, log io.Writer) error {
	if err := kubectl(ctx, log, "get", "crd", "clusters.postgresql.cnpg.io"); err != nil {
		return fmt.Errorf("CloudNativePG is not installed (%w); install release %s or later as its documentation says",
			err, upstream.CloudNativePGVersion)
	}
	return nil
}

func existingVault(ctx context.Context, _ io.Writer) error {
	var missing []string
	for _, name := range []string{"VAULT_ADDR", "VAULT_TOKEN"} {
		if os.Getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("set %s (and VAULT_CACERT unless the machine trusts its certificate) to a Vault or OpenBao"+
			" with the transit engine and Kubernetes authentication; its documentation says how to install one",
			strings.Join(missing, " and "))
	}
	client, err := openbao.NewClient(os.Getenv("VAULT_ADDR"), os.Getenv("VAULT_CACERT"), os.Getenv("VAULT_TOKEN"))
	if err != nil {
		return err
	}
	if err := client.Ready(ctx); err != nil {
		return err
	}
	if err := client.Read(ctx, "auth/token/lookup-self", nil); err != nil {
		return fmt.Errorf("VAULT_TOKEN is not accepted: %w", err)
	}
	return nil
}

func kubectl(ctx context.Context, log io.Writer, args ...string) error {
	program, err := exec.LookPath("kubectl")
	if err != nil {
		return fmt.Errorf("kubectl is not on PATH; install it, or put the directory that `devcluster binaries envtest` prints there: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	return cmd.Run()
}
