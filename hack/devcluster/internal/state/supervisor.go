package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/poll"
)

// The supervisor's lock file holds its process id, and the lock on it says whether it is alive: the
// kernel drops the lock however the process ends.
func (c Cluster) lockFile() string { return c.Path("supervisor.pid") }

// Claim makes the calling process the cluster's supervisor until the returned file is closed. Whoever
// looks whether there is one, as a linked cluster does every second, has the lock for a moment: that is
// waited for.
func (c Cluster) Claim(ctx context.Context) (*os.File, error) {
	file, err := os.OpenFile(c.lockFile(), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := poll.Until(ctx, time.Millisecond, func() error {
		return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}); err != nil {
		return nil, errors.Join(fmt.Errorf("another supervisor runs this cluster: %w", err), file.Close())
	}
	if err := errors.Join(file.Truncate(0), writePID(file)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Supervisor returns the process id of the cluster's supervisor, 0 if none is alive.
func (c Cluster) Supervisor() (int, error) {
	file, err := os.Open(c.lockFile())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	err = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		return 0, nil
	}
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return 0, err
	}
	return c.readPID("supervisor.pid")
}

// Node returns the process id, on the host, of the first process in the node's namespaces.
func (c Cluster) Node() (int, error) { return c.readPID("node.pid") }

// SetNode keeps it.
func (c Cluster) SetNode(pid int) error {
	return os.WriteFile(c.Path("node.pid"), []byte(strconv.Itoa(pid)), 0o644)
}

func (c Cluster) readPID(name string) (int, error) {
	raw, err := os.ReadFile(c.Path(name))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(raw)))
}

func writePID(file *os.File) error {
	_, err := file.WriteString(strconv.Itoa(os.Getpid()))
	return err
}
