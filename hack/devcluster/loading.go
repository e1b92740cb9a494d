package main

import (
	"context"
	"fmt"
	"io"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/imagestore"
	"github.com/bulkhead-dev/bulkhead/hack/images"
)

// loading is the import of a cluster's images, which goes on while the cluster starts.
type loading struct {
	done map[string]chan struct{}
	all  chan struct{}
	err  error // valid when all is closed
}

func (i *installation) loadImages(ctx context.Context) *loading {
	l := &loading{done: map[string]chan struct{}{}, all: make(chan struct{})}
	for _, image := range i.m.system() {
		l.done[image.Ref] = make(chan struct{})
	}
	go func() {
		defer close(l.all)
		l.err = i.report.Run(ctx, "load images", quickly, func(ctx context.Context, log io.Writer) error {
			store, err := imagestore.Open(ctx, i.cluster)
			if err != nil {
				return err
			}
			for _, image := range i.m.system() {
				if err := store.Load(ctx, log, image); err != nil {
					return err
				}
				close(l.done[image.Ref])
			}
			return nil
		})
	}()
	return l
}

func (l *loading) wait() error {
	<-l.all
	return l.err
}

func (l *loading) waitFor(ctx context.Context, image images.Image) error {
	select {
	case <-l.done[image.Ref]:
		return nil
	case <-l.all:
		return l.err
	case <-ctx.Done():
		return fmt.Errorf("wait for image %s: %w", image.Ref, context.Cause(ctx))
	}
}
