package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/cache"
	"github.com/bulkhead-dev/bulkhead/hack/checkout"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/step"
	"github.com/bulkhead-dev/bulkhead/hack/upstream"
)

// How long steps may take before they are given up. Compiling Kubernetes on a busy machine with two
// cores is what the longest is for.
const (
	shortly = 30 * time.Second
	quickly = 2 * time.Minute
	slowly  = 10 * time.Minute
	patient = 60 * time.Minute
)

type flags struct{ state, name string }

// app is what the commands work with.
type app struct {
	repo     string
	cluster  state.Cluster
	cache    cache.Dir
	upstream upstream.Builder
	report   *step.Reporter
}

func (f flags) app() (*app, error) {
	repo, dir, err := checkout.Find(f.state)
	if err != nil {
		return nil, err
	}
	cluster, err := state.New(f.name, dir)
	if err != nil {
		return nil, err
	}
	store, err := cache.Default()
	if err != nil {
		return nil, err
	}
	if err := state.CheckVisible(string(store)); err != nil {
		return nil, fmt.Errorf("the cache (choose another place with BULKHEAD_CACHE): %w", err)
	}
	return &app{
		repo:     repo,
		cluster:  cluster,
		cache:    store,
		upstream: upstream.Builder{Dir: filepath.Join(repo, "hack", "upstream"), Cache: store},
		report:   step.New(os.Stderr, cluster.Logs("steps")),
	}, nil
}

var errNotRunning = errors.New("the cluster is not running; start it with `devcluster up`")
