package images

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bulkhead-dev/bulkhead/hack/cache"
)

// PostgreSQLRef is the operand image. CloudNativePG reads the major version from the tag; the minor
// one is whatever Debian has when the image is made.
const PostgreSQLRef = "registry.local/postgresql:17"

// The recipe's content names the root file system in the cache; change it to have it made anew.
//
//go:embed postgres-rootfs.sh
var postgresRecipe string

// PostgreSQL makes PostgreSQL 17 with pgvector, laid out as CloudNativePG expects it.
func PostgreSQL(ctx context.Context, store cache.Dir, log io.Writer) (Image, error) {
	rootfs, err := PostgreSQLRootFS(ctx, store, log)
	if err != nil {
		return Image{}, err
	}
	return Build(ctx, store, Spec{
		Ref:    PostgreSQLRef,
		RootFS: rootfs,
		User:   "26",
		Env: []string{
			"PATH=/usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"LANG=C.UTF-8",
		},
		Cmd: []string{"bash"},
	})
}

// PostgreSQLRootFS makes the root file system of that image and returns the path of its tar file.
func PostgreSQLRootFS(ctx context.Context, store cache.Dir, log io.Writer) (string, error) {
	key := fmt.Sprintf("%x", sha256.Sum256([]byte(postgresRecipe)))[:16]
	dir := store.Path("rootfs", "postgresql-"+key)
	err := store.Make(ctx, dir, func(temporary string) error {
		recipe := exec.CommandContext(ctx, "sh", "-eu", "-c", postgresRecipe, "postgres-rootfs", "rootfs.tar")
		recipe.Dir = temporary
		recipe.Env = append(os.Environ(), "TMPDIR="+temporary)
		recipe.Stdout, recipe.Stderr = log, log
		if err := recipe.Run(); err != nil {
			return fmt.Errorf("make the PostgreSQL root file system with mmdebstrap"+
				" (it needs Debian's package mirror): %w", err)
		}
		return nil
	})
	return filepath.Join(dir, "rootfs.tar"), err
}
