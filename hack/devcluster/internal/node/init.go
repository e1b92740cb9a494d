package node

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/cgroup"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// Namespaces are those that the first process of a node is started in. The control group namespace
// follows later: it shows the group its maker is in, so the process joins the group first.
const Namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS

// Init is the node's first process. It reaps what the node orphans, and the kernel ends everything
// in the node when it ends. The work is done by a child, run as `worker`, which can then wait for
// processes of its own in the ordinary way.
func Init(cluster state.Cluster, worker []string) error {
	hierarchies, err := cgroup.Host()
	if err != nil {
		return err
	}
	if err := cgroup.New(hierarchies, cluster.ID()).Join(); err != nil {
		return fmt.Errorf("join the cluster's control group: %w", err)
	}
	process, err := os.StartProcess("/proc/self/exe", worker, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Env:   os.Environ(),
		Sys:   &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWCGROUP},
	})
	if err != nil {
		return fmt.Errorf("start the node's worker: %w", err)
	}
	return reapUntil(process.Pid)
}

func reapUntil(worker int) error {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for the node's processes: %w", err)
		}
		if pid == worker && (status.Exited() || status.Signaled()) {
			return fmt.Errorf("the node's worker ended (exit %d, signal %v)", status.ExitStatus(), status.Signal())
		}
	}
}
