package main

import (
	"context"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/images"
	"github.com/bulkhead-dev/bulkhead/hack/upstream"
)

// material is what a cluster is made of.
type material struct {
	binaries string // directory of the Kubernetes programs

	pause, coreDNS, cnpg, openBao, postgreSQL images.Image
}

// system lists the images that a cluster needs, the most urgent first.
func (m *material) system() []images.Image {
	needed := []images.Image{m.pause, m.coreDNS}
	if m.openBao.Ref != "" {
		needed = append(needed, m.openBao)
	}
	return append(needed, m.cnpg, m.postgreSQL)
}

// material builds everything, or finds it in the cache. The PostgreSQL image is mostly download, so
// it is made while the compiler has the processor.
func (a *app) material(ctx context.Context, settings state.Settings) (*material, error) {
	var m material
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.Go(func() error { return a.compile(ctx, settings, &m) })
	tasks.Go(func() error {
		return a.report.Run(ctx, "PostgreSQL image", slowly, func(ctx context.Context, log io.Writer) (err error) {
			m.postgreSQL, err = images.PostgreSQL(ctx, a.cache, log)
			return err
		})
	})
	return &m, tasks.Wait()
}

func (a *app) compile(ctx context.Context, settings state.Settings, m *material) error {
	var err error
	if m.binaries, err = a.build(ctx, upstream.Kubernetes); err != nil {
		return err
	}
	if !settings.NoVault {
		if err := a.compileOpenBao(ctx, m); err != nil {
			return err
		}
	}
	return a.report.Run(ctx, "system images", quickly, func(ctx context.Context, log io.Writer) error {
		if m.pause, err = images.Pause.Build(ctx, a.repo, a.cache, log); err != nil {
			return err
		}
		if m.coreDNS, err = images.CoreDNS(ctx, a.cache, m.binaries); err != nil {
			return err
		}
		m.cnpg, err = images.CloudNativePG(ctx, a.cache, m.binaries)
		return err
	})
}

func (a *app) compileOpenBao(ctx context.Context, m *material) error {
	dir, err := a.build(ctx, upstream.OpenBao)
	if err != nil {
		return err
	}
	return a.report.Run(ctx, "OpenBao image", quickly, func(ctx context.Context, _ io.Writer) error {
		m.openBao, err = images.OpenBao(ctx, a.cache, dir)
		return err
	})
}

func (a *app) build(ctx context.Context, set upstream.Set) (dir string, err error) {
	if dir, err = a.upstream.Cached(ctx, set); dir != "" || err != nil {
		return dir, err
	}
	name := "compile " + set.Name + " (minutes, this once)"
	err = a.report.Run(ctx, name, patient, func(ctx context.Context, log io.Writer) (err error) {
		dir, err = a.upstream.Build(ctx, set, log)
		return err
	})
	return dir, err
}
