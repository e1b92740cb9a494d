package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/imagestore"
	"github.com/bulkhead-dev/bulkhead/hack/images"
)

func imagesCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:       "images [NAME...]",
		Short:     "Build Bulkhead's images, all or those named, as OCI archives; print name=ref@digest and the archive",
		Args:      cobra.OnlyValidArgs,
		ValidArgs: imageNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			built, err := a.ownImages(cmd.Context(), args)
			for _, image := range built {
				fmt.Printf("%s=%s %s\n", image.Name(), image.Pinned(), image.Archive)
			}
			return err
		},
	}
}

func loadCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:       "load [NAME...]",
		Short:     "Build Bulkhead's images, all or those named, and import them into the cluster; print name=ref@digest",
		Args:      cobra.OnlyValidArgs,
		ValidArgs: imageNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			return a.load(cmd.Context(), args)
		},
	}
}

func (a *app) load(ctx context.Context, names []string) error {
	if err := a.supervised(ctx); err != nil {
		return err
	}
	built, err := a.ownImages(ctx, names)
	if err != nil {
		return err
	}
	err = a.report.Run(ctx, "import images", quickly, func(ctx context.Context, log io.Writer) error {
		store, err := imagestore.Open(ctx, a.cluster)
		if err != nil {
			return err
		}
		return store.Load(ctx, log, built...)
	})
	if err != nil {
		return err
	}
	for _, image := range built {
		fmt.Printf("%s=%s\n", image.Name(), image.Pinned())
	}
	return a.printPostgreSQL(ctx)
}

// printPostgreSQL names the operand image, which `up` imported, with its tag:
// CloudNativePG reads PostgreSQL's version there.
func (a *app) printPostgreSQL(ctx context.Context) error {
	image, err := images.PostgreSQL(ctx, a.cache, io.Discard)
	if err != nil {
		return err
	}
	_, digest, _ := strings.Cut(image.Pinned(), "@")
	fmt.Printf("postgresql=%s@%s\n", image.Ref, digest)
	return nil
}

func imageNames() []string {
	var names []string
	for _, program := range images.Bulkhead {
		names = append(names, program.Name())
	}
	return names
}

// ownImages builds an image of each program that is named, or of every one that the repository has.
func (a *app) ownImages(ctx context.Context, names []string) ([]images.Image, error) {
	var built []images.Image
	for _, program := range images.Bulkhead {
		if len(names) > 0 && !slices.Contains(names, program.Name()) {
			continue
		}
		if !program.Exists(a.repo) {
			fmt.Fprintf(os.Stderr, "no %s in the repository yet: no image of it\n", program.Package)
			continue
		}
		err := a.report.Run(ctx, "image "+program.Ref, slowly, func(ctx context.Context, log io.Writer) error {
			image, err := program.Build(ctx, a.repo, a.cache, log)
			built = append(built, image)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return built, nil
}
