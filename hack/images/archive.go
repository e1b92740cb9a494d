package images

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nameAnnotation tells containerd under which name to import a manifest.
const nameAnnotation = "io.containerd.image.name"

// writeArchive writes an OCI archive. It lists the manifest twice, by tag and by digest, so that
// after an import a pod can refer to it either way. Unlike a docker-archive it holds the manifest
// itself, so the digest is known before anything imports it.
func writeArchive(path, ref string, image v1.Image) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	archive := tar.NewWriter(out)
	if err := addImage(archive, image); err != nil {
		return err
	}
	if err := addIndex(archive, ref, image); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return out.Close()
}

func addImage(archive *tar.Writer, image v1.Image) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		if err := addLayer(archive, layer); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		raw    func() ([]byte, error)
		digest func() (v1.Hash, error)
	}{{image.RawConfigFile, image.ConfigName}, {image.RawManifest, image.Digest}} {
		raw, err := part.raw()
		if err != nil {
			return err
		}
		digest, err := part.digest()
		if err != nil {
			return err
		}
		if err := addBlob(archive, blobName(digest), int64(len(raw)), bytes.NewReader(raw)); err != nil {
			return err
		}
	}
	return nil
}

func addLayer(archive *tar.Writer, layer v1.Layer) error {
	digest, err := layer.Digest()
	if err != nil {
		return err
	}
	size, err := layer.Size()
	if err != nil {
		return err
	}
	content, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	return addBlob(archive, blobName(digest), size, content)
}

func addIndex(archive *tar.Writer, ref string, image v1.Image) error {
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	size, err := image.Size()
	if err != nil {
		return err
	}
	entry := func(name string) v1.Descriptor {
		return v1.Descriptor{
			MediaType:   types.OCIManifestSchema1,
			Digest:      digest,
			Size:        size,
			Annotations: map[string]string{nameAnnotation: name},
		}
	}
	index, err := json.Marshal(v1.IndexManifest{
		SchemaVersion: 2,
		MediaType:     types.OCIImageIndex,
		Manifests:     []v1.Descriptor{entry(ref), entry(byDigest(ref, digest.String()))},
	})
	if err != nil {
		return err
	}
	if err := addBlob(archive, "index.json", int64(len(index)), bytes.NewReader(index)); err != nil {
		return err
	}
	const version = `{"imageLayoutVersion":"1.0.0"}`
	return addBlob(archive, "oci-layout", int64(len(version)), bytes.NewReader([]byte(version)))
}

func addBlob(archive *tar.Writer, name string, size int64, content io.Reader) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: time.Unix(0, 0)}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}

func blobName(digest v1.Hash) string {
	return fmt.Sprintf("blobs/%s/%s", digest.Algorithm, digest.Hex)
}
