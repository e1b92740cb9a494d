package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// grace is how long an interrupted command may take to end.
const grace = 5 * time.Second

// Command prepares a command as somebody at the top of the checkout would run it, with the cluster's
// kubectl and kubeconfig.
func (c *Cluster) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if name == "kubectl" && c.Bin != "" {
		name = filepath.Join(c.Bin, name)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.Repo
	cmd.Env = os.Environ()
	if c.Bin != "" {
		cmd.Env = append(cmd.Env, "PATH="+c.Bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if c.Kubeconfig != "" {
		cmd.Env = append(cmd.Env, "KUBECONFIG="+c.Kubeconfig)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	return cmd
}

// Kubectl runs kubectl and returns what it prints.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	return c.kubectl(c.Command(ctx, "kubectl", args...), args)
}

// Apply applies a manifest that is no file.
func (c *Cluster) Apply(ctx context.Context, manifest string) error {
	args := []string{"apply", "-f", "-"}
	cmd := c.Command(ctx, "kubectl", args...)
	cmd.Stdin = strings.NewReader(manifest)
	_, err := c.kubectl(cmd, args)
	return err
}

func (c *Cluster) kubectl(cmd *exec.Cmd, args []string) (string, error) {
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("kubectl is not on PATH; install it: %w", err)
	}
	if err != nil {
		err = fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(out.String()), err
}

// Wait waits for a condition of objects; meanwhile log gets a line for each change of them.
func (c *Cluster) Wait(ctx context.Context, log io.Writer, kind, condition string, timeout time.Duration, names ...string) error {
	follow, stop := context.WithCancel(ctx)
	defer stop()
	watch := c.Command(follow, "kubectl", "get", kind, "--watch", "--no-headers")
	watch.Stdout = log
	if err := watch.Start(); err != nil {
		return err
	}
	_, err := c.Kubectl(ctx, append([]string{"wait", kind, "--for=condition=" + condition, "--timeout=" + timeout.String()}, names...)...)
	stop()
	_ = watch.Wait() // it was stopped
	if err == nil {
		return nil
	}
	missing, _ := c.Kubectl(ctx, "get", kind, "-o", conditions) // says more than "timed out" does
	fmt.Fprintln(log, missing)
	return err
}

// conditions prints what objects still lack.
const conditions = `jsonpath={range .items[*]}{.metadata.name}{range .status.conditions[?(@.status!="True")]}` +
	`{"\n  "}{.type}: {.reason}: {.message}{end}{"\n"}{end}`
