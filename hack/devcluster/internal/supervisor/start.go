package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/poll"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// Start runs program as the cluster's supervisor in the background and waits until it has the node.
func Start(ctx context.Context, cluster state.Cluster, program string, args ...string) error {
	out, err := os.Create(cluster.Logs("supervisor.log"))
	if err != nil {
		return err
	}
	defer out.Close()
	if err := os.Remove(cluster.Path("node.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cmd := exec.Command(program, args...) //nolint:noctx // it outlives ctx, and us
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the supervisor: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { cancel(fmt.Errorf("the supervisor ended (%v); see %s", cmd.Wait(), out.Name())) }() //nolint:errorlint // there may be no error
	return poll.Until(ctx, 20*time.Millisecond, func() error {
		_, err := cluster.Node()
		return err
	})
}

// Stop ends the supervisor, if there is one, and removes what it or one before it left behind.
func Stop(ctx context.Context, cluster state.Cluster) error {
	pid, err := cluster.Supervisor()
	if err != nil {
		return err
	}
	if pid != 0 {
		if err := end(ctx, cluster, pid); err != nil {
			return err
		}
	}
	group, err := Group(cluster)
	if err != nil {
		return err
	}
	return group.Remove(ctx)
}

// end asks the supervisor to stop, and insists if it does not.
func end(ctx context.Context, cluster state.Cluster, pid int) error {
	for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		if err := unix.Kill(pid, signal); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("stop the supervisor (process %d): %w", pid, err)
		}
		ctx, cancel := context.WithTimeout(ctx, removeTimeout)
		err := poll.Until(ctx, 20*time.Millisecond, func() error {
			if alive, err := cluster.Supervisor(); err != nil || alive != 0 {
				return errors.Join(err, fmt.Errorf("process %d is still there", pid))
			}
			return nil
		})
		cancel()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("the supervisor (process %d) does not end", pid)
}
