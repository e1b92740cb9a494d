// Package link joins the networks of two clusters, so that the pods, Services and node of each can be
// reached from the other: a pair of devices, one in the network namespace of each node, and routes. The
// host's own network has no part in it. Packets keep their source, and NetworkPolicies hold on both sides.
package link

import (
	"context"
	"errors"
	"log"
	"os"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/netns"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// interval is how soon a link is made, after the later of the two clusters has come up.
const interval = time.Second

// Keep sees to it that a cluster, whose node's network namespace is given, is linked to the one that its
// settings name, until ctx ends. Nothing has to be taken down: the kernel removes a pair of devices with
// either of their namespaces, and their routes with them.
func Keep(ctx context.Context, cluster state.Cluster, namespace *os.File) error {
	k := keeper{cluster: cluster, namespace: namespace}
	var said string
	for {
		if err := k.look(ctx); err == nil {
			said = ""
		} else if said != err.Error() {
			said = err.Error()
			log.Printf("link: %s; it is tried again", said)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
	}
}

type keeper struct {
	cluster   state.Cluster
	namespace *os.File
	made      bool // the device that is there is complete
}

// look makes the link if the cluster is to have one and it is not there, or not complete.
func (k *keeper) look(ctx context.Context) error {
	settings, err := k.cluster.Load()
	if err != nil || settings.Link == "" {
		return err
	}
	peer, err := PeerOf(settings)
	if err != nil {
		return err
	}
	own := end{namespace: k.namespace, plan: settings.Addresses(), device: device(peer.Settings)}
	there, err := own.exists()
	if err != nil || (there && k.made) {
		return err
	}
	theirs, err := netns.Of(peer.Cluster)
	if err != nil {
		return err
	}
	defer theirs.Close()
	other := end{namespace: theirs, plan: peer.Settings.Addresses(), device: device(settings)}
	k.made = false
	if !there {
		if err := own.pair(ctx, other); err != nil {
			return err
		}
	}
	if err := errors.Join(own.configure(ctx, other.plan), other.configure(ctx, own.plan)); err != nil {
		return err
	}
	k.made = true
	log.Printf("link: joined to cluster %s at %s", peer.Name, other.plan.Node)
	return nil
}
