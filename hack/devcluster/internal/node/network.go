package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// network gives the node an address and lets it forward between its pods. There is no way out of
// it but to clusters that it is linked to: the other end of the default route is in the same namespace.
func (n node) network(ctx context.Context) error {
	for _, command := range []string{
		"link set lo up",
		"link add node0 type veth peer name node0-peer",
		"link set node0 up",
		"link set node0-peer up",
		"address add " + n.plan.Node.String() + "/24 dev node0",
		"route add default dev node0",
	} {
		out, err := exec.CommandContext(ctx, "ip", strings.Fields(command)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", command, err, strings.TrimSpace(string(out)))
		}
	}
	for name, value := range map[string]string{
		"ipv4/ip_forward":           "1",
		"ipv4/conf/all/rp_filter":   "0",
		"ipv4/conf/node0/rp_filter": "0",
	} {
		if err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0o644); err != nil {
			return fmt.Errorf("set net/%s: %w", name, err)
		}
	}
	return nil
}
