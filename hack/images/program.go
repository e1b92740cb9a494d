package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bulkhead-dev/bulkhead/hack/cache"
)

// nonRoot is the user that our own images run as.
const nonRoot = "65532:65532"

// Program is a main package of ours that becomes an image: one static binary, nothing else.
type Program struct {
	Ref     string
	Module  string // directory of its module, relative to the repository
	Package string
}

// Name is that of the binary in the image, and of the image.
func (p Program) Name() string { return filepath.Base(p.Package) }

// Bulkhead are the images that are deployed from this repository.
var Bulkhead = []Program{
	{Ref: "registry.local/bulkhead/manager:dev", Module: ".", Package: "./cmd/manager"},
	{Ref: "registry.local/bulkhead/runtime:dev", Module: ".", Package: "./cmd/runtime"},
	{Ref: "registry.local/bulkhead/probe:dev", Module: "hack", Package: "./probe"},
}

// Pause holds the namespaces of a pod.
var Pause = Program{Ref: "registry.local/pause:1", Module: "hack", Package: "./pause"}

// Exists says whether the program's source is in the repository.
func (p Program) Exists(repo string) bool {
	_, err := os.Stat(filepath.Join(repo, p.Module, p.Package))
	return !errors.Is(err, fs.ErrNotExist)
}

// Build compiles the program and makes its image.
func (p Program) Build(ctx context.Context, repo string, store cache.Dir, log io.Writer) (Image, error) {
	dir, err := os.MkdirTemp("", "bulkhead-image-")
	if err != nil {
		return Image{}, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, p.Name())
	// Version-control stamps would change the digest with every commit, whatever it touched.
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, p.Package)
	build.Dir = filepath.Join(repo, p.Module)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	build.Stdout, build.Stderr = log, log
	if err := build.Run(); err != nil {
		return Image{}, fmt.Errorf("go build %s: %w", p.Package, err)
	}
	return Binary(ctx, store, p.Ref, binary, p.Name(), nonRoot)
}

// Binary makes an image of one static binary, which it runs.
func Binary(ctx context.Context, store cache.Dir, ref, source, name, user string) (Image, error) {
	return Build(ctx, store, Spec{
		Ref:        ref,
		Files:      []File{{Source: source, Target: "/" + name}},
		User:       user,
		Entrypoint: []string{"/" + name},
	})
}
