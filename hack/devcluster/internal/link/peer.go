package link

import (
	"context"
	"fmt"
	"net"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/forward"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/netns"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// Peer is the cluster that another is linked to.
type Peer struct {
	state.Cluster
	Settings state.Settings
}

// PeerOf is the cluster that settings name as the other end of their link, running or not.
func PeerOf(settings state.Settings) (Peer, error) {
	cluster, err := state.New("", settings.Link)
	if err != nil {
		return Peer{}, err
	}
	theirs, err := cluster.Load()
	if err == nil && theirs.Name == "" {
		err = fmt.Errorf("%s holds no cluster; start that one first: devcluster --state %[1]s up", cluster.Dir)
	}
	return Peer{cluster, theirs}, err
}

// Check connects from the cluster to the peer's API server, over the link, and says why it cannot.
func Check(ctx context.Context, cluster state.Cluster, peer Peer) error {
	theirs, err := netns.Of(peer.Cluster)
	if err != nil {
		return err
	}
	defer theirs.Close()
	ours, err := netns.Of(cluster)
	if err != nil {
		return err
	}
	defer ours.Close()
	server := net.JoinHostPort(peer.Settings.Addresses().Node.String(), addresses.APIPort)
	conn, err := forward.Dial(ctx, ours, server)
	if err != nil {
		return fmt.Errorf("%w; `devcluster logs supervisor` says why", err)
	}
	return conn.Close()
}
