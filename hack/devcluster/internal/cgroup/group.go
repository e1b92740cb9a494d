package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Group is a control group of one name in every hierarchy.
type Group struct {
	hierarchies []Hierarchy
	name        string
}

// New names a group; it need not exist yet.
func New(hierarchies []Hierarchy, name string) Group { return Group{hierarchies, name} }

// Create makes the group.
func (g Group) Create() error {
	for _, h := range g.hierarchies {
		if Unified(g.hierarchies) {
			if err := enableControllers(h.Mount); err != nil {
				return fmt.Errorf("hand control groups down to the cluster: %w", err)
			}
		}
		dir := filepath.Join(h.Mount, g.name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if slices.Contains(h.Controllers, "cpuset") {
			if err := inheritCPUSet(h.Mount, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// Join moves the calling process into the group.
func (g Group) Join() error {
	for _, dir := range g.dirs() {
		if err := write(filepath.Join(dir, "cgroup.procs"), "0"); err != nil {
			return err
		}
	}
	return nil
}

// Remove ends every process in the group and removes it.
func (g Group) Remove(ctx context.Context) error {
	for {
		err := g.remove()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove control group %s: %w", g.name, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Left returns the directories of the group that exist.
func (g Group) Left() []string {
	return slices.DeleteFunc(g.dirs(), func(dir string) bool {
		_, err := os.Stat(dir)
		return err != nil
	})
}

func (g Group) remove() error {
	var failed error
	for _, dir := range g.dirs() {
		children, err := subgroups(dir)
		failed = errors.Join(failed, err)
		for _, child := range slices.Backward(children) { // the deepest last in, first out
			failed = errors.Join(failed, killAll(child), removeDir(child))
		}
	}
	return failed
}

func (g Group) dirs() []string {
	dirs := make([]string, 0, len(g.hierarchies))
	for _, h := range g.hierarchies {
		dirs = append(dirs, filepath.Join(h.Mount, g.name))
	}
	return dirs
}

// subgroups lists a group and all below it, parents first.
func subgroups(dir string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.IsDir() {
			found = append(found, path)
		}
		return err
	})
	return found, err
}

func killAll(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, field := range strings.Fields(string(raw)) {
		pid, err := strconv.Atoi(field)
		if err != nil || pid == 0 {
			continue
		}
		if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

func removeDir(dir string) error {
	if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
		return &fs.PathError{Op: "rmdir", Path: dir, Err: err}
	}
	return nil
}

// inheritCPUSet fills a v1 cpuset: nothing can join it while it is empty.
func inheritCPUSet(parent, child string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, name))
		if err != nil {
			return err
		}
		if err := write(filepath.Join(child, name), string(value)); err != nil {
			return err
		}
	}
	return write(filepath.Join(child, "cgroup.clone_children"), "1")
}

// enableControllers lets the children of a v2 group use all of its controllers.
func enableControllers(dir string) error {
	available, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, controller := range strings.Fields(string(available)) {
		if err := write(filepath.Join(dir, "cgroup.subtree_control"), "+"+controller); err != nil {
			return err
		}
	}
	return nil
}

func write(path, value string) error { return os.WriteFile(path, []byte(value), 0o644) }
