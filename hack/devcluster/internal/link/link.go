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

const (
	// interval is how soon a link is made after the later of the two clusters has come up.
	interval      = time.Second
	removeTimeout = 5 * time.Second
)

// Keep sees to it that a cluster, whose node's network namespace is given, is linked to the one that its
// settings name for as long as both run. It returns when ctx ends, and the link is gone.
//
// The kernel removes a pair of devices with either of their namespaces, but a namespace can outlive its
// node by minutes, while connections that were cut wait for an answer. So nothing is left to that.
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
			return errors.Join(ctx.Err(), k.end())
		case <-time.After(interval):
		}
	}
}

type keeper struct {
	cluster   state.Cluster
	namespace *os.File

	own    end
	linked os.FileInfo // the namespace that own leads to; nil for no link
}

// look makes the link if there is to be one and none leads to the peer as it now runs.
func (k *keeper) look(ctx context.Context) error {
	settings, err := k.cluster.Load()
	if err != nil || settings.Link == "" {
		return err
	}
	peer, err := PeerOf(settings)
	if err != nil {
		return err
	}
	theirs, err := netns.Of(peer.Cluster)
	if err != nil {
		return errors.Join(err, k.remove(ctx))
	}
	defer theirs.Close()
	identity, err := theirs.Stat()
	if err != nil || (k.linked != nil && os.SameFile(k.linked, identity)) {
		return err
	}
	k.own = end{namespace: k.namespace, plan: settings.Addresses(), device: device(peer.Cluster)}
	other := end{namespace: theirs, plan: peer.Settings.Addresses(), device: device(k.cluster)}
	k.linked = nil
	if err := join(ctx, k.own, other); err != nil {
		return err
	}
	k.linked = identity
	log.Printf("link: joined to cluster %s at %s", peer.Name, other.plan.Node)
	return nil
}

// remove ends the link, if there is one.
func (k *keeper) remove(ctx context.Context) error {
	if k.linked == nil {
		return nil
	}
	k.linked = nil
	return k.own.remove(ctx)
}

// end is remove for when everything else ends too.
func (k *keeper) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	return k.remove(ctx)
}
