// Package netns works inside the network namespace of a cluster's node, from the host.
package netns

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// ErrNotRunning means that the cluster has no node, and so no network.
var ErrNotRunning = errors.New("it is not running")

// Of opens the network namespace of a running cluster's node. An open one outlives its node, and so do
// the devices in it: close it as soon as may be.
func Of(cluster state.Cluster) (*os.File, error) {
	supervisor, err := cluster.Supervisor()
	if err != nil {
		return nil, err
	}
	pid, err := cluster.Node()
	if supervisor == 0 || errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cluster %s: %w", cluster.Name, ErrNotRunning)
	}
	if err != nil {
		return nil, err
	}
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w (%w)", cluster.Name, ErrNotRunning, err)
	}
	if err := notOurs(namespace); err != nil {
		return nil, errors.Join(err, namespace.Close())
	}
	return namespace, nil
}

// notOurs refuses the host's own namespace, which is what the number of a node that has just ended
// could lead to.
func notOurs(namespace *os.File) error {
	theirs, err := namespace.Stat()
	if err != nil {
		return err
	}
	ours, err := os.Stat("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	if os.SameFile(theirs, ours) {
		return fmt.Errorf("the node has ended: %w", ErrNotRunning)
	}
	return nil
}

// Run calls do on a thread that is in the namespace: sockets that do makes, and programs that it
// starts, are there too. The thread is not fit for anything else, so it ends with its goroutine. The
// process's first thread cannot end: it would keep the namespace alive, so it is kept out.
func Run(namespace *os.File, do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			done <- Run(namespace, do) // on another thread, as this one is taken
			runtime.UnlockOSThread()
			return
		}
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("enter the network namespace: %w", err)
			return
		}
		done <- do()
	}()
	return <-done
}
