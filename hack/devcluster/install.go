package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addons"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/kube"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/openbao"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/poll"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/images"
)

// installation brings a node that has just been started to a cluster that is ready for Bulkhead.
type installation struct {
	*app
	m        *material
	settings state.Settings
	client   *kube.Client
	kubectl  kube.Kubectl
}

func (a *app) install(ctx context.Context, m *material) error {
	settings, err := a.cluster.Load()
	if err != nil {
		return err
	}
	client, err := kube.New(a.cluster)
	if err != nil {
		return err
	}
	i := installation{app: a, m: m, settings: settings, client: client, kubectl: kube.NewKubectl(a.cluster, settings)}
	loaded := i.loadImages(ctx)
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.Go(loaded.wait)
	if err := i.foundation(ctx); err != nil {
		return err
	}
	tasks.Go(func() error { return i.node(ctx) })
	tasks.Go(func() error { return i.coreDNS(ctx, loaded) })
	if !settings.NoVault {
		tasks.Go(func() error { return i.openBao(ctx, loaded) })
	}
	tasks.Go(func() error { return i.cloudNativePG(ctx, loaded) })
	return tasks.Wait()
}

// foundation waits for the API server and applies what the node's own parts need.
func (i *installation) foundation(ctx context.Context) error {
	return i.report.Run(ctx, "Kubernetes API", quickly, func(ctx context.Context, log io.Writer) error {
		if err := poll.Until(ctx, 100*time.Millisecond, func() error { return i.apiReady(ctx) }); err != nil {
			return err
		}
		manifest, err := addons.Foundation()
		if err != nil {
			return err
		}
		return i.kubectl.Apply(ctx, log, manifest)
	})
}

func (i *installation) apiReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return i.client.Get(ctx, "/readyz", nil)
}

func (i *installation) node(ctx context.Context) error {
	return i.report.Run(ctx, "node ready", quickly, func(ctx context.Context, _ io.Writer) error {
		return poll.Until(ctx, 200*time.Millisecond, func() error { return nodeReady(ctx, i.client, i.cluster.Name) })
	})
}

func (i *installation) coreDNS(ctx context.Context, loaded *loading) error {
	manifest, err := addons.CoreDNS(i.settings.Addresses(), i.m.coreDNS.Pinned())
	if err != nil {
		return err
	}
	return i.workload(ctx, "CoreDNS", loaded, i.m.coreDNS, manifest, "kube-system", "deployment/coredns")
}

func (i *installation) openBao(ctx context.Context, loaded *loading) error {
	manifest, err := addons.OpenBao(i.cluster, i.settings.Addresses(), i.m.openBao.Pinned())
	if err != nil {
		return err
	}
	if err := loaded.waitFor(ctx, i.m.openBao); err != nil {
		return err
	}
	err = i.report.Run(ctx, "OpenBao", quickly, func(ctx context.Context, log io.Writer) error {
		err := i.startOpenBao(ctx, log, manifest)
		if !errors.Is(err, openbao.ErrHalfDone) {
			return err
		}
		i.report.Say("%v: its data, of no use to anybody, are removed", err)
		if err := i.emptyOpenBao(ctx, log); err != nil {
			return err
		}
		return i.startOpenBao(ctx, log, manifest)
	})
	if err != nil {
		return err
	}
	return i.configureVault(ctx)
}

func (i *installation) startOpenBao(ctx context.Context, log io.Writer, manifest string) error {
	if err := i.kubectl.Apply(ctx, log, manifest); err != nil {
		return err
	}
	return openbao.Initialise(ctx, i.cluster, log)
}

// emptyOpenBao stops the server first: it writes to its files.
func (i *installation) emptyOpenBao(ctx context.Context, log io.Writer) error {
	if err := i.kubectl.Run(ctx, log, "-n", "openbao", "delete", "deployment", "openbao", "--cascade=foreground"); err != nil {
		return err
	}
	return openbao.Empty(i.cluster)
}

func (a *app) configureVault(ctx context.Context) error {
	return a.report.Run(ctx, "OpenBao configuration", quickly, func(ctx context.Context, log io.Writer) error {
		policy := filepath.Join(a.repo, "config", "vault", "operator-policy.hcl")
		return openbao.Configure(ctx, a.cluster, policy, log)
	})
}

func (i *installation) cloudNativePG(ctx context.Context, loaded *loading) error {
	manifest, err := addons.CloudNativePG(i.m.binaries, i.m.cnpg.Ref)
	if err != nil {
		return err
	}
	err = i.workload(ctx, "CloudNativePG", loaded, i.m.cnpg, manifest, "cnpg-system", "deployment/cnpg-controller-manager")
	if err != nil {
		return err
	}
	return i.report.Run(ctx, "CloudNativePG webhooks", quickly, func(ctx context.Context, log io.Writer) error {
		return poll.Until(ctx, 300*time.Millisecond, func() error {
			return i.kubectl.Accepts(ctx, log, addons.SampleCluster)
		})
	})
}

// workload applies a manifest once its image is there, and waits until it runs.
func (i *installation) workload(ctx context.Context, name string, loaded *loading, image images.Image, manifest, namespace, workload string) error {
	if err := loaded.waitFor(ctx, image); err != nil {
		return err
	}
	return i.report.Run(ctx, name, quickly, func(ctx context.Context, log io.Writer) error {
		if err := i.kubectl.Apply(ctx, log, manifest); err != nil {
			return err
		}
		return i.kubectl.RolledOut(ctx, log, namespace, workload)
	})
}
