package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/link"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/netns"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/poll"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// request is what `up` was asked for.
type request struct {
	fresh   bool
	noVault bool
	ordinal int
	link    string
}

// unasked stands for an ordinal that was not given.
const unasked = -1

// decide merges what is asked for with what the cluster has.
func (a *app) decide(asked request) (state.Settings, error) {
	last, err := a.cluster.Load()
	if err != nil {
		return last, err
	}
	var peer *link.Peer
	if asked.link != "" {
		if peer, err = a.peer(asked, last); err != nil {
			return last, err
		}
	}
	return asked.settings(a.cluster.Name, last, peer)
}

// peer is the cluster that is asked for. A cluster that runs stays linked to the one that it is linked to.
func (a *app) peer(asked request, last state.Settings) (*link.Peer, error) {
	dir, err := filepath.Abs(asked.link)
	if err != nil {
		return nil, err
	}
	pid, err := a.cluster.Supervisor()
	if err != nil {
		return nil, err
	}
	if pid != 0 && !asked.fresh && last.Link != "" && last.Link != dir {
		return nil, fmt.Errorf("cluster %s is linked to the one in %s; stop it first: devcluster down", a.cluster.Name, last.Link)
	}
	peer, err := link.PeerOf(state.Settings{Link: dir})
	return &peer, err
}

// settings of a cluster: its addresses and its parts stay as they are for as long as its state does.
// There is no peer when no link is asked for.
func (r request) settings(name string, last state.Settings, peer *link.Peer) (state.Settings, error) {
	settings, isNew := last, r.fresh || last.Name == ""
	if isNew {
		settings = state.Settings{Name: name, NoVault: r.noVault, Ordinal: r.ordinalBeside(peer)}
	}
	switch {
	case !isNew && r.noVault && !last.NoVault:
		return last, fmt.Errorf("cluster %s has OpenBao; make it anew without: up --fresh --no-vault", name)
	case !isNew && r.ordinal != unasked && r.ordinal != last.Ordinal:
		return last, fmt.Errorf("cluster %s has ordinal %d; make it anew with another: up --fresh --ordinal %d", name, last.Ordinal, r.ordinal)
	case peer != nil && peer.Settings.Ordinal == settings.Ordinal:
		return last, fmt.Errorf("clusters %s and %s have the same addresses (ordinal %d); make one anew with others: up --fresh --ordinal N",
			name, peer.Name, settings.Ordinal)
	}
	if peer != nil {
		settings.Link = peer.Dir
	}
	return settings, addresses.Check(settings.Ordinal)
}

func (r request) ordinalBeside(peer *link.Peer) int {
	switch {
	case r.ordinal != unasked:
		return r.ordinal
	case peer != nil:
		return (peer.Settings.Ordinal + 1) % addresses.Clusters
	}
	return 0
}

// linked waits for the link, if there is to be one and the other cluster runs.
func (a *app) linked(ctx context.Context, settings state.Settings) error {
	if settings.Link == "" {
		return nil
	}
	peer, err := link.PeerOf(settings)
	if err != nil {
		return err
	}
	err = link.Check(ctx, a.cluster, peer)
	if errors.Is(err, netns.ErrNotRunning) {
		a.report.Say("no link to cluster %s yet: it is made as soon as that one runs", peer.Name)
		return nil
	}
	return a.report.Run(ctx, "link to "+peer.Name, shortly, func(ctx context.Context, _ io.Writer) error {
		return poll.Until(ctx, 100*time.Millisecond, func() error { return link.Check(ctx, a.cluster, peer) })
	})
}
