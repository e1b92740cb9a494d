// Package supervisor runs a cluster's node from the host: it starts it, lets the host reach it, and
// takes it down with itself, however it ends.
package supervisor

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/cgroup"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/forward"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/link"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/netns"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/node"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/volumes"
)

const removeTimeout = 15 * time.Second

// Run is the supervisor. It returns when ctx ends or the node does, and leaves nothing running.
func Run(ctx context.Context, cluster state.Cluster, initArgs []string) error {
	claim, err := cluster.Claim(ctx)
	if err != nil {
		return err
	}
	defer claim.Close()
	group, err := Group(cluster)
	if err != nil {
		return err
	}
	if err := group.Create(); err != nil {
		return err
	}
	defer removeGroup(group)
	settings, err := cluster.Load()
	if err != nil {
		return err
	}
	return serve(ctx, cluster, settings, initArgs)
}

// Group is the control group of everything in the node.
func Group(cluster state.Cluster) (cgroup.Group, error) {
	hierarchies, err := cgroup.Host()
	return cgroup.New(hierarchies, cluster.ID()), err
}

func serve(ctx context.Context, cluster state.Cluster, settings state.Settings, initArgs []string) error {
	tasks, ctx := errgroup.WithContext(ctx)
	started := make(chan int, 1)
	tasks.Go(func() error { return runNode(ctx, initArgs, started) })
	var pid int
	select {
	case pid = <-started:
	case <-ctx.Done():
		return tasks.Wait()
	}
	if err := cluster.SetNode(pid); err != nil {
		return err
	}
	namespace, err := netns.Of(cluster)
	if err != nil {
		return err
	}
	defer namespace.Close()
	for target, port := range forwards(settings) {
		listener, err := forward.Listen(port)
		if err != nil {
			return fmt.Errorf("listen for %s: %w", target, err)
		}
		tasks.Go(func() error { return forward.Serve(ctx, listener, namespace, target) })
	}
	tasks.Go(func() error { return volumes.Provision(ctx, cluster) })
	tasks.Go(func() error { return link.Keep(ctx, cluster, namespace) })
	return tasks.Wait()
}

// forwards are the addresses in the node that the host reaches by its ports.
func forwards(settings state.Settings) map[string]int {
	ports := map[string]int{node.APIAddress: settings.APIPort}
	if !settings.NoVault {
		ports[settings.Addresses().Vault.String()+":8200"] = settings.VaultPort
	}
	return ports
}

// runNode runs the node's first process. The kernel kills it when the thread that started it ends,
// so the goroutine stays on its thread, and a killed supervisor takes the node along.
func runNode(ctx context.Context, args []string, started chan<- int) error {
	runtime.LockOSThread()
	init := exec.CommandContext(ctx, "/proc/self/exe")
	init.Args = args
	init.Stdout, init.Stderr = os.Stdout, os.Stderr
	init.SysProcAttr = &syscall.SysProcAttr{Cloneflags: node.Namespaces, Pdeathsig: unix.SIGKILL}
	if err := init.Start(); err != nil {
		return fmt.Errorf("start the node in namespaces of its own (needs root): %w", err)
	}
	log.Printf("the node's first process is %d", init.Process.Pid)
	started <- init.Process.Pid
	err := init.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("the node ended: %w", err)
}

func removeGroup(group cgroup.Group) {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	if err := group.Remove(ctx); err != nil {
		log.Print(err)
	}
}
