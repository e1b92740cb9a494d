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
	var asked request
	up := &cobra.Command{
		Use:   "up",
		Short: "Start the cluster, or check that it is well",
		Long: `Start the cluster, or check that it is well.

With --link it is joined to the network of another cluster, whenever both of them run: the pods, the
Services and the node of each can be reached from the other, as far as NetworkPolicies let them.`,
		Example: "  devcluster --state .devcluster-second --name second up --no-vault --link .devcluster",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			if usesExistingCluster() {
				return a.checkExisting(cmd.Context())
			}
			return a.up(cmd.Context(), asked)
		},
	}
	up.Flags().BoolVar(&asked.fresh, "fresh", false, "stop the cluster and forget everything it has kept")
	up.Flags().StringVar(&asked.link, "link", "", "state directory of a cluster to link this one to (default the one that it is linked to)")
	up.Flags().IntVar(&asked.ordinal, "ordinal", unasked, "which addresses a new cluster gets; linked clusters need different ones"+
		" (default 0, or with --link the one after the other cluster's)")
	up.Flags().BoolVar(&asked.noVault, "no-vault", false, "make a new cluster without OpenBao, as one whose tenants use the Vault of another")
	return up
}

func (a *app) up(ctx context.Context, asked request) error {
	if err := host.Check(); err != nil {
		return err
	}
	unlock, err := cache.Lock(ctx, a.cluster.Path(upLock))
	if err != nil {
		return err
	}
	defer unlock()
	settings, err := a.decide(asked)
	if err != nil {
		return err
	}
	if !asked.fresh && a.check(ctx, settings) == nil {
		err = a.refresh(ctx, settings)
	} else {
		err = a.start(ctx, asked.fresh, settings)
	}
	if err == nil {
		err = a.linked(ctx, settings)
	}
	if err != nil {
		return err
	}
	a.report.Say("cluster %s is up after %.1fs; use it with: export KUBECONFIG=%s",
		a.cluster.Name, a.report.Elapsed().Seconds(), a.cluster.Kubeconfig())
	return nil
}

// refresh brings a cluster that is well up to date with the repository and with what was asked for.
func (a *app) refresh(ctx context.Context, settings state.Settings) error {
	if err := a.cluster.Save(settings); err != nil {
		return err
	}
	if settings.NoVault {
		return nil
	}
	return a.configureVault(ctx)
}

func (a *app) start(ctx context.Context, fresh bool, settings state.Settings) error {
	err := a.report.Run(ctx, "Debian packages", slowly, host.Install)
	if err != nil {
		return err
	}
	m, err := a.material(ctx, settings)
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
		settings.Binaries = m.binaries
		err = a.startNode(ctx, settings)
	} else {
		err = a.cluster.Save(settings)
	}
	if err != nil {
		return err
	}
	return a.install(ctx, m)
}

// startNode first clears away what a killed cluster may have left.
func (a *app) startNode(ctx context.Context, settings state.Settings) error {
	return a.report.Run(ctx, "start the node", quickly, func(ctx context.Context, _ io.Writer) error {
		if err := supervisor.Stop(ctx, a.cluster); err != nil {
			return err
		}
		if err := choosePorts(&settings); err != nil {
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

// choosePorts keeps the ports of the last time, so that a kubeconfig somebody has goes on working.
func choosePorts(settings *state.Settings) (err error) {
	if settings.APIPort, err = forward.FreePort(settings.APIPort); err != nil || settings.NoVault {
		return err
	}
	settings.VaultPort, err = forward.FreePort(settings.VaultPort)
	return err
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
	if _, err := os.Stat(a.cluster.Path(state.SettingsFile)); err != nil && len(forgotten(entries)) > 1 {
		return fmt.Errorf("%s does not look like a cluster's state directory; it is not emptied", a.cluster.Dir)
	}
	if err := supervisor.Stop(ctx, a.cluster); err != nil {
		return err
	}
	if err := os.RemoveAll(a.cluster.AuditLog()); err != nil {
		return err
	}
	for _, name := range forgotten(entries) {
		if err := os.RemoveAll(a.cluster.Path(name)); err != nil {
			return err
		}
	}
	return nil
}

// forgotten is what a wipe removes, in order: all but what this very command uses, and last the file that
// shows that the directory is a cluster's, for a wipe that is killed to be repeated.
func forgotten(entries []fs.DirEntry) []string {
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); name != upLock && name != "logs" && name != state.SettingsFile {
			names = append(names, name)
		}
	}
	return append(names, state.SettingsFile)
}
