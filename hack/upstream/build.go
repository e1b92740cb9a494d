package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bulkhead-dev/bulkhead/hack/cache"
)

// Builder builds sets from the sources in Dir (this directory of a checkout) into Cache.
type Builder struct {
	Dir   string
	Cache cache.Dir
}

// Cached returns where a set is, or "" if it has yet to be built.
func (b Builder) Cached(ctx context.Context, s Set) (string, error) {
	dir, err := b.target(ctx, s)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return dir, nil
}

// Build returns the directory with a set's programs, after building them if need be.
func (b Builder) Build(ctx context.Context, s Set, log io.Writer) (string, error) {
	dir, err := b.target(ctx, s)
	if err != nil {
		return "", err
	}
	return dir, b.Cache.Make(ctx, dir, func(temporary string) error {
		if err := b.compile(ctx, s, temporary, log); err != nil {
			return err
		}
		for from, to := range s.Rename {
			if err := os.Rename(filepath.Join(temporary, from), filepath.Join(temporary, to)); err != nil {
				return err
			}
		}
		return b.keepManifest(ctx, s, temporary)
	})
}

func (b Builder) target(ctx context.Context, s Set) (string, error) {
	version, err := b.goTool(ctx, s, "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("run the go command (install Go and put it on PATH): %w", err)
	}
	key, err := s.key(filepath.Join(b.Dir, s.Module), strings.TrimSpace(string(version)))
	if err != nil {
		return "", err
	}
	return b.Cache.Path("upstream", s.Name+"-"+key), nil
}

// compile runs at low priority: it takes minutes, and the machine is somebody's.
func (b Builder) compile(ctx context.Context, s Set, into string, log io.Writer) error {
	args := append([]string{"build", "-v", "-trimpath", "-ldflags=" + s.LDFlags, "-o", into + "/"}, s.Packages...)
	build := b.goTool(ctx, s, args...)
	nice, err := exec.LookPath("nice")
	if err == nil {
		build.Path, build.Args = nice, append([]string{"nice"}, build.Args...)
	}
	build.Stdout, build.Stderr = log, log
	if err := build.Run(); err != nil {
		return fmt.Errorf("build %s: %w", s.Name, err)
	}
	return nil
}

func (b Builder) keepManifest(ctx context.Context, s Set, into string) error {
	if s.Manifest == (File{}) {
		return nil
	}
	dir, err := b.goTool(ctx, s, "list", "-m", "-f", "{{.Dir}}", s.Manifest.Module).Output()
	if err != nil {
		return fmt.Errorf("find the sources of %s: %w", s.Manifest.Module, err)
	}
	manifest, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), s.Manifest.Path))
	if err != nil {
		return fmt.Errorf("read the release manifest of %s: %w", s.Manifest.Module, err)
	}
	return os.WriteFile(filepath.Join(into, filepath.Base(s.Manifest.Path)), manifest, 0o644)
}

func (b Builder) goTool(ctx context.Context, s Set, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(b.Dir, s.Module)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	return cmd
}
