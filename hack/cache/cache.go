// Package cache keeps what is expensive to make in a directory, each thing under a name that says
// what it was made from. Whatever is there is complete, and nothing there is ever changed.
package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Dir is the root of a cache.
type Dir string

// Default is $BULKHEAD_CACHE, or bulkhead in the user's cache directory.
func Default() (Dir, error) {
	if dir := os.Getenv("BULKHEAD_CACHE"); dir != "" {
		abs, err := filepath.Abs(dir)
		return Dir(abs), err
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache directory (set BULKHEAD_CACHE to choose one): %w", err)
	}
	return Dir(filepath.Join(dir, "bulkhead")), nil
}

// Path joins elements to the root.
func (d Dir) Path(elements ...string) string {
	return filepath.Join(append([]string{string(d)}, elements...)...)
}

// Make calls fill with an empty directory that becomes path once fill succeeds. It does nothing if
// path is there already, and only one process at a time makes the same path.
func (d Dir) Make(ctx context.Context, path string, fill func(temporary string) error) error {
	if exists(path) {
		return nil
	}
	unlock, err := Lock(ctx, path+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if exists(path) {
		return nil
	}
	temporary := path + ".partial"
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	if err := os.MkdirAll(temporary, 0o755); err != nil {
		return err
	}
	if err := fill(temporary); err != nil {
		return errors.Join(err, os.RemoveAll(temporary))
	}
	return os.Rename(temporary, path)
}

// Lock waits for an exclusive lock on a file, which it makes if need be.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for another process that holds %s: %w", path, ctx.Err()), file.Close())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
