// Package images makes the container images of Bulkhead and of its test cluster without a registry
// and without a container runtime: static programs from scratch, and PostgreSQL from Debian packages.
// Images are reproducible and cached by content.
package images

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/bulkhead-dev/bulkhead/hack/cache"
)

// File is an executable of an image: a file of the host, or a link to another file of the image.
type File struct {
	Source string
	Link   string
	Target string
}

// Spec says what an image is made of: files, or a whole root file system.
type Spec struct {
	Ref        string // name:tag
	Files      []File
	RootFS     string // a tar file
	User       string
	Env        []string
	Entrypoint []string
	Cmd        []string
}

// Image is a built image.
type Image struct {
	Ref     string `json:"ref"`    // name:tag
	Digest  string `json:"digest"` // sha256:...
	Archive string `json:"-"`      // an OCI archive that holds it
}

// Name is the last part of the image's name, without the tag.
func (i Image) Name() string {
	name := untagged(i.Ref)
	return name[strings.LastIndex(name, "/")+1:]
}

// Pinned is the reference by digest, which is how pods should name it.
func (i Image) Pinned() string { return byDigest(i.Ref, i.Digest) }

// Build makes an image, or finds it in the cache.
func Build(ctx context.Context, store cache.Dir, spec Spec) (Image, error) {
	key, err := spec.key()
	if err != nil {
		return Image{}, fmt.Errorf("image %s: %w", spec.Ref, err)
	}
	image := Image{Ref: spec.Ref}
	dir := store.Path("images", image.Name()+"-"+key)
	err = store.Make(ctx, dir, spec.write)
	if err != nil {
		return Image{}, fmt.Errorf("image %s: %w", spec.Ref, err)
	}
	return open(dir)
}

func open(dir string) (Image, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "image.json"))
	if err != nil {
		return Image{}, err
	}
	image := Image{Archive: filepath.Join(dir, "image.tar")}
	err = json.Unmarshal(raw, &image)
	return image, err
}

func (s Spec) write(dir string) error {
	tar := s.RootFS
	if tar == "" {
		tar = filepath.Join(dir, "layer.tar")
		defer os.Remove(tar)
		if err := writeLayer(tar, s.Files); err != nil {
			return err
		}
	}
	layer, err := newLayer(tar)
	if err != nil {
		return err
	}
	image, err := s.assemble(layer)
	if err != nil {
		return err
	}
	if err := writeArchive(filepath.Join(dir, "image.tar"), s.Ref, image); err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	record, err := json.Marshal(Image{Ref: s.Ref, Digest: digest.String()})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "image.json"), record, 0o644)
}

func (s Spec) assemble(layer v1.Layer) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.AppendLayers(image, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config = v1.Config{
		User:       s.User,
		Env:        s.Env,
		Entrypoint: s.Entrypoint,
		Cmd:        s.Cmd,
		WorkingDir: "/",
	}
	return mutate.ConfigFile(image, config)
}

// key identifies the image by everything that goes into it.
func (s Spec) key() (string, error) {
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode([]any{runtime.GOARCH, s.Ref, s.User, s.Env, s.Entrypoint, s.Cmd}); err != nil {
		return "", err
	}
	if s.RootFS != "" {
		// A root file system lies in the cache, in a directory named after what it was made from.
		fmt.Fprintf(sum, "rootfs %q\n", filepath.Base(filepath.Dir(s.RootFS)))
	}
	for _, file := range s.Files {
		fmt.Fprintf(sum, "file %q %q\n", file.Target, file.Link)
		if file.Link != "" {
			continue
		}
		if err := hashFile(sum, file.Source); err != nil {
			return "", err
		}
	}
	return sha256Hash(sum).Hex[:16], nil
}

func hashFile(sum io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(sum, file)
	return err
}

func byDigest(ref, digest string) string {
	return untagged(ref) + "@" + digest
}

// untagged cuts off a tag; a colon before the last slash belongs to a registry's port.
func untagged(ref string) string {
	colon := strings.LastIndex(ref, ":")
	if colon <= strings.LastIndex(ref, "/") {
		return ref
	}
	return ref[:colon]
}
