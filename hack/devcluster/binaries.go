package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/images"
	"github.com/bulkhead-dev/bulkhead/hack/upstream"
)

func binariesCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "binaries envtest|openbao|all|postgresql",
		Short: "Build programs of other projects, or find them in the cache, and print where they are",
		Long: `Build programs of other projects, or find them in the cache, and print where they are:

  envtest     the directory with etcd, kube-apiserver and kubectl (envtest's BinaryAssetsDirectory)
  openbao     the path of the OpenBao server
  all         both, a line each, and everything else that a cluster needs
  postgresql  the path of a root file system, in a tar file, with PostgreSQL 17 and pgvector`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"envtest", "openbao", "all", "postgresql"},
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			return a.binaries(cmd.Context(), args[0])
		},
	}
}

func (a *app) binaries(ctx context.Context, which string) error {
	if which == "postgresql" {
		tar, err := images.PostgreSQLRootFS(ctx, a.cache, os.Stderr)
		if err != nil {
			return err
		}
		fmt.Println(tar)
		return nil
	}
	if which != "openbao" {
		dir, err := a.controlPlane(ctx, which == "all")
		if err != nil {
			return err
		}
		fmt.Println(dir)
	}
	if which != "envtest" {
		dir, err := a.build(ctx, upstream.OpenBao)
		if err != nil {
			return err
		}
		fmt.Println(filepath.Join(dir, "openbao"))
	}
	return nil
}

// controlPlane prefers the whole of Kubernetes, if it is built already, to building a part of it.
func (a *app) controlPlane(ctx context.Context, whole bool) (string, error) {
	dir, err := a.upstream.Cached(ctx, upstream.Kubernetes)
	if dir != "" || err != nil {
		return dir, err
	}
	if whole {
		return a.build(ctx, upstream.Kubernetes)
	}
	return a.build(ctx, upstream.Envtest)
}
