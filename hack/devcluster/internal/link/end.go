package link

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
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

// device names a device after the cluster that it leads to.
func device(to state.Settings) string { return fmt.Sprintf("link%d", to.Ordinal) }

func (e end) exists() (there bool, err error) {
	err = netns.Run(e.namespace, func() error {
		devices, err := net.Interfaces()
		for _, d := range devices {
			there = there || d.Name == e.device
		}
		return err
	})
	return there, err
}

// pair makes both devices where they belong, at once.
func (e end) pair(ctx context.Context, other end) error {
	err := netns.Run(e.namespace, func() error {
		const inherited = "/proc/self/fd/3" // the first of ExtraFiles
		cmd := exec.CommandContext(ctx, "ip", "link", "add", e.device, "type", "veth", "peer", "name", other.device, "netns", inherited)
		cmd.ExtraFiles = []*os.File{other.namespace}
		return run(cmd)
	})
	if err != nil {
		return fmt.Errorf("%w; if the other cluster is linked to one more with these addresses,"+
			" start this one anew with `up --fresh --ordinal N`", err)
	}
	return nil
}

// configure gives the device the node's address and routes what is the peer's there. It may be called
// again at any time.
func (e end) configure(ctx context.Context, peer addresses.Plan) error {
	commands := []string{
		fmt.Sprintf("link set %s up", e.device),
		fmt.Sprintf("address replace %s peer %s dev %s", e.plan.Node, peer.Node, e.device),
		fmt.Sprintf("route replace %s via %s dev %s", peer.Pods, peer.Node, e.device),
		fmt.Sprintf("route replace %s via %s dev %s", peer.Services, peer.Node, e.device),
	}
	return netns.Run(e.namespace, func() error {
		cmd := exec.CommandContext(ctx, "ip", "-batch", "-")
		cmd.Stdin = strings.NewReader(strings.Join(commands, "\n"))
		return run(cmd)
	})
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
