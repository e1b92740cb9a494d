package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/cache"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/forward"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/host"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/node"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/supervisor"
)

func upCommand(flags *flags) *cobra.Command {
	var fresh bool
	up := &cobra.Command{
		Use:   "up",
		Short: "Start the cluster, or check that it is well",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			if usesExistingCluster() {
				return a.checkExisting(cmd.Context())
			}
			return a.up(cmd.Context(), fresh)
		},
	}
	up.Flags().BoolVar(&fresh, "fresh", false, "stop the cluster and forget everything it has kept")
	return up
}

func (a *app) up(ctx context.Context, fresh bool) error {
	if err := host.Check(); err != nil {
		return err
	}
	unlock, err := cache.Lock(ctx, a.cluster.Path(upLock))
	if err != nil {
		return err
	}
	defer unlock()
	if !fresh && a.check(ctx) == nil {
		if err := a.configureVault(ctx); err != nil {
			return err
		}
		a.report.Say("cluster %s is up", a.cluster.Name)
		return nil
	}
	if err := a.start(ctx, fresh); err != nil {
		return err
	}
	a.report.Say("cluster %s is up after %.1fs; use it with: export KUBECONFIG=%s",
		a.cluster.Name, a.report.Elapsed().Seconds(), a.cluster.Kubeconfig())
	return nil
}

func (a *app) start(ctx context.Context, fresh bool) error {
	err := a.report.Run(ctx, "Debian packages", slowly, host.Install)
	if err != nil {
		return err
	}
	m, err := a.material(ctx)
	if err != nil {
		return err
	}
	if fresh {
		if err := a.wipe(ctx); err != nil {
			return err
		}
	}
	pid, err := a.cluster.Supervisor()
	if err != nil {
		return err
	}
	if pid == 0 {
		if err := a.startNode(ctx, m); err != nil {
			return err
		}
	}
	return a.install(ctx, m)
}

// startNode first clears away what a killed cluster may have left.
func (a *app) startNode(ctx context.Context, m *material) error {
	return a.report.Run(ctx, "start the node", quickly, func(ctx context.Context, _ io.Writer) error {
		if err := supervisor.Stop(ctx, a.cluster); err != nil {
			return err
		}
		settings, err := a.settings(m)
		if err != nil {
			return err
		}
		if err := errors.Join(a.cluster.Save(settings), node.Credentials(a.cluster, settings)); err != nil {
			return err
		}
		program, err := a.keepProgram()
		if err != nil {
			return err
		}
		return supervisor.Start(ctx, a.cluster, program, a.hiddenArgs(superviseName)...)
	})
}

// settings keeps the ports of the last time, so that a kubeconfig somebody has goes on working.
func (a *app) settings(m *material) (state.Settings, error) {
	last, err := a.cluster.Load()
	if err != nil {
		return last, err
	}
	settings := state.Settings{Name: a.cluster.Name, Binaries: m.binaries}
	if settings.APIPort, err = forward.FreePort(last.APIPort); err != nil {
		return settings, err
	}
	settings.VaultPort, err = forward.FreePort(last.VaultPort)
	return settings, err
}

// keepProgram copies the running program to the state directory: the cluster outlives `go run`.
func (a *app) keepProgram() (string, error) {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return "", err
	}
	path := a.cluster.Path("bin", "devcluster")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return path, os.WriteFile(path, program, 0o755)
}

const upLock = "up.lock"

// wipe empties the state directory, if it is one.
func (a *app) wipe(ctx context.Context) error {
	entries, err := os.ReadDir(a.cluster.Dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(a.cluster.Path("cluster.json")); err != nil && hasForeign(entries) {
		return fmt.Errorf("%s does not look like a cluster's state directory; it is not emptied", a.cluster.Dir)
	}
	if err := supervisor.Stop(ctx, a.cluster); err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == upLock || entry.Name() == "logs" {
			continue // in use by this very command
		}
		if err := os.RemoveAll(a.cluster.Path(entry.Name())); err != nil {
			return err
		}
	}
	return os.RemoveAll(a.cluster.AuditLog())
}

func hasForeign(entries []fs.DirEntry) bool {
	for _, entry := range entries {
		if entry.Name() != upLock && entry.Name() != "logs" {
			return true
		}
	}
	return false
}
