package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/netns"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// end is one cluster's side of a link.
type end struct {
	namespace *os.File
	plan      addresses.Plan
	device    string
}

// device names a device after the cluster that it leads to. The kernel allows 15 characters.
func device(to state.Cluster) string {
	id := to.ID()
	return "link-" + id[len(id)-8:]
}

// join makes both ends anew: a device that is there is of a link that was not finished, or that leads
// to where a cluster was before.
func join(ctx context.Context, own, other end) error {
	if err := errors.Join(own.remove(ctx), other.remove(ctx)); err != nil {
		return err
	}
	if err := own.pair(ctx, other); err != nil {
		return err
	}
	if err := errors.Join(own.configure(ctx, other.plan), other.configure(ctx, own.plan)); err != nil {
		return errors.Join(fmt.Errorf("%w; if another linked cluster has the same addresses,"+
			" make this one anew with others: up --fresh --ordinal N", err), own.remove(ctx))
	}
	return nil
}

// pair makes both devices, each where it belongs, at once.
func (e end) pair(ctx context.Context, other end) error {
	return netns.Run(e.namespace, func() error {
		const inherited = "/proc/self/fd/3" // the first of ExtraFiles
		cmd := exec.CommandContext(ctx, "ip", "link", "add", e.device, "type", "veth", "peer", "name", other.device, "netns", inherited)
		cmd.ExtraFiles = []*os.File{other.namespace}
		return run(cmd)
	})
}

// configure gives the device the node's address and routes what is the peer's there.
func (e end) configure(ctx context.Context, peer addresses.Plan) error {
	commands := []string{
		fmt.Sprintf("link set %s up", e.device),
		fmt.Sprintf("address add %s peer %s dev %s", e.plan.Node, peer.Node, e.device),
		fmt.Sprintf("route add %s via %s dev %s", peer.Pods, peer.Node, e.device),
		fmt.Sprintf("route add %s via %s dev %s", peer.Services, peer.Node, e.device),
	}
	return netns.Run(e.namespace, func() error {
		cmd := exec.CommandContext(ctx, "ip", "-batch", "-")
		cmd.Stdin = strings.NewReader(strings.Join(commands, "\n"))
		return run(cmd)
	})
}

// remove removes the device, and by that the other end, if it is there.
func (e end) remove(ctx context.Context) error {
	return netns.Run(e.namespace, func() error {
		devices, err := net.Interfaces()
		is := func(d net.Interface) bool { return d.Name == e.device }
		if err != nil || !slices.ContainsFunc(devices, is) {
			return err
		}
		return run(exec.CommandContext(ctx, "ip", "link", "delete", e.device))
	})
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.Join(strings.Fields(string(out)), " "))
	}
	return nil
}
