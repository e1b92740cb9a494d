package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/cgroup"
)

// mounts gives the node its own view of the file system. Everything that Kubernetes would keep in
// the host's directories goes to memory or to the state directory instead.
func (n node) mounts() error {
	hierarchies, err := cgroup.Host()
	if err != nil {
		return err
	}
	// Private first, or what follows would show on the host; then shared, so that what kubelet
	// mounts for a pod shows in the pod.
	for _, propagation := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", unix.MS_REC|propagation, ""); err != nil {
			return fmt.Errorf("separate the node's mounts from the host's: %w", err)
		}
	}
	return errors.Join(
		fresh("proc", "/proc"),
		fresh("sysfs", "/sys"),
		cgroup.MountView(hierarchies),
		fresh("tmpfs", "/run"),
		fresh("tmpfs", "/var/lib"),
		fresh("tmpfs", "/var/log"),
		os.MkdirAll("/run/lock", 0o755),
		os.MkdirAll("/var/lib/cni", 0o755),
		bind(n.Path("kubelet"), "/var/lib/kubelet"),
		pretendSysctls(),
	)
}

func fresh(filesystem, target string) error {
	if err := unix.Mount(filesystem, target, filesystem, 0, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", filesystem, target, err)
	}
	return nil
}

func bind(source, target string) error {
	if err := errors.Join(os.MkdirAll(source, 0o755), os.MkdirAll(target, 0o755)); err != nil {
		return err
	}
	return bindMount(source, target)
}

func bindMount(source, target string) error {
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", source, target, err)
	}
	return nil
}

// pretendSysctls covers the settings of the whole machine that kubelet insists on with files that
// say what it wants to read. The machine's own settings stay as they are.
func pretendSysctls() error {
	for name, value := range map[string]string{
		"vm/overcommit_memory": "1",
		"kernel/panic":         "10",
		"kernel/panic_on_oops": "1",
	} {
		file := filepath.Join("/run/sysctl", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := bindMount(file, filepath.Join("/proc/sys", name)); err != nil {
			return err
		}
	}
	return nil
}
