// Package volumes gives claims of the cluster's default StorageClass a directory of the host each.
package volumes

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/kube"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

const (
	storageClass = "local"
	// Provisioner names us in the StorageClass and on our volumes.
	Provisioner = "bulkhead.dev/devcluster"

	claims = "/api/v1/persistentvolumeclaims"
	all    = "/api/v1/persistentvolumes"
)

// resync bounds how long a missed event can go unnoticed.
const resync = 10 * time.Second

type provisioner struct {
	client *kube.Client
	dir    string
	wake   chan struct{}
}

// Provision makes volumes for claims, and removes those whose claim is gone, until ctx ends. Events
// only wake it: what there is to do it finds by looking, so it may be stopped at any point.
func Provision(ctx context.Context, cluster state.Cluster) error {
	client, err := kube.New(cluster)
	if err != nil {
		return err
	}
	p := &provisioner{client: client, dir: cluster.Path("volumes"), wake: make(chan struct{}, 1)}
	go p.watch(ctx, claims)
	go p.watch(ctx, all)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.wake:
		case <-time.After(resync):
		}
		if err := p.reconcile(ctx); err != nil && ctx.Err() == nil {
			log.Printf("volumes: %v", err)
		}
	}
}

func (p *provisioner) watch(ctx context.Context, path string) {
	for ctx.Err() == nil {
		_ = p.client.Watch(ctx, path, p.changed) // watches end all the time; the next look finds what was missed
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
		p.changed()
	}
}

func (p *provisioner) changed() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *provisioner) reconcile(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, resync)
	defer cancel()
	var wanted list[claim]
	if err := p.client.Get(ctx, claims, &wanted); err != nil {
		return err
	}
	var made list[volume]
	if err := p.client.Get(ctx, all, &made); err != nil {
		return err
	}
	has := map[string]bool{}
	for _, v := range made.Items {
		has[v.Metadata.Name] = true
		if v.isAbandoned() {
			if err := p.remove(ctx, v); err != nil {
				return err
			}
		}
	}
	for _, c := range wanted.Items {
		if c.waitsForUs() && !has[c.volumeName()] {
			if err := p.provide(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// provide makes a directory that any user can write to, as a claim does not say who will.
func (p *provisioner) provide(ctx context.Context, c claim) error {
	dir := filepath.Join(p.dir, c.volumeName())
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		return err
	}
	log.Printf("volumes: %s for %s/%s", dir, c.Metadata.Namespace, c.Metadata.Name)
	return p.client.Create(ctx, all, c.newVolume(dir))
}

func (p *provisioner) remove(ctx context.Context, v volume) error {
	dir := filepath.Join(p.dir, v.Metadata.Name)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	log.Printf("volumes: removed %s", dir)
	return p.client.Delete(ctx, all+"/"+v.Metadata.Name)
}
