package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// kubectl runs kubectl against one cluster.
type kubectl struct {
	program    string
	kubeconfig string // that of $KUBECONFIG when empty
}

// run returns what kubectl printed. Its input may be secret, and is in no error.
func (k kubectl) run(ctx context.Context, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, k.program, args...)
	cmd.Env = os.Environ()
	if k.kubeconfig != "" {
		cmd.Env = append(cmd.Env, "KUBECONFIG="+k.kubeconfig)
	}
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

// apply applies manifests on the server's side.
func (k kubectl) apply(ctx context.Context, input string, args ...string) (string, error) {
	return k.run(ctx, input, append([]string{"apply", "--server-side", "--force-conflicts"}, args...)...)
}
