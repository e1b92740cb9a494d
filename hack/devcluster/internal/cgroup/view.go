package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// MountView mounts the hierarchies anew over Root. In a cgroup namespace that shows the namespace's
// own group as the root, so that what runs inside sees, and can change, nothing above it.
func MountView(hierarchies []Hierarchy) error {
	if Unified(hierarchies) {
		if err := mount("cgroup2", Root, ""); err != nil {
			return err
		}
		return delegate(Root)
	}
	if err := mount("tmpfs", Root, "mode=755"); err != nil {
		return err
	}
	for _, h := range hierarchies {
		if err := h.mountView(); err != nil {
			return err
		}
	}
	return nil
}

func (h Hierarchy) mountView() error {
	if err := os.MkdirAll(h.Mount, 0o755); err != nil {
		return err
	}
	if h.V2 {
		return mount("cgroup2", h.Mount, "")
	}
	options := strings.Join(h.Controllers, ",")
	if strings.HasPrefix(options, "name=") {
		options = "none," + options
	}
	if err := mount("cgroup", h.Mount, options); err != nil {
		return err
	}
	return h.linkControllers()
}

// linkControllers gives each of several controllers mounted together a name of its own.
func (h Hierarchy) linkControllers() error {
	for _, controller := range h.Controllers {
		link := filepath.Join(Root, controller)
		if link == h.Mount || strings.Contains(controller, "=") {
			continue
		}
		if err := os.Symlink(filepath.Base(h.Mount), link); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}

// delegate makes room for children with controllers: in v2 only a group without processes of its
// own may have them, so those that are there move to a leaf.
func delegate(root string) error {
	leaf := filepath.Join(root, "init")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return err
	}
	processes, err := os.ReadFile(filepath.Join(root, "cgroup.procs"))
	if err != nil {
		return err
	}
	for _, pid := range strings.Fields(string(processes)) {
		if err := write(filepath.Join(leaf, "cgroup.procs"), pid); err != nil {
			return fmt.Errorf("move process %s: %w", pid, err)
		}
	}
	return enableControllers(root)
}

func mount(filesystem, target, options string) error {
	if err := unix.Mount(filesystem, target, filesystem, 0, options); err != nil {
		return fmt.Errorf("mount %s on %s: %w", filesystem, target, err)
	}
	return nil
}
