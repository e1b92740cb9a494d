package images

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/bulkhead-dev/bulkhead/hack/cache"
)

func TestBuildIsReproducible(t *testing.T) {
	build := func(content string, changed time.Time) Image {
		t.Helper()
		program := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(program, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(program, changed, changed); err != nil {
			t.Fatal(err)
		}
		image, err := Binary(t.Context(), cache.Dir(t.TempDir()), "registry.local/test:1", program, "test", nonRoot)
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	first := build("a", time.Unix(1, 0))
	if second := build("a", time.Unix(2, 0)); second.Digest != first.Digest {
		t.Errorf("the same content gave %s and %s", first.Digest, second.Digest)
	}
	if other := build("b", time.Unix(1, 0)); other.Digest == first.Digest {
		t.Errorf("other content gave the same digest %s", first.Digest)
	}
}

func TestArchiveNamesImageByTagAndDigest(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("a"), 0o755); err != nil {
		t.Fatal(err)
	}
	image, err := Binary(t.Context(), cache.Dir(t.TempDir()), "registry.local/x/test:1", program, "test", nonRoot)
	if err != nil {
		t.Fatal(err)
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(readEntry(t, image.Archive, "index.json"), &index); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, manifest := range index.Manifests {
		names = append(names, manifest.Annotations[nameAnnotation])
		if manifest.Digest.String() != image.Digest {
			t.Errorf("manifest %s, want %s", manifest.Digest, image.Digest)
		}
	}
	want := []string{"registry.local/x/test:1", "registry.local/x/test@" + image.Digest}
	if len(names) != 2 || names[0] != want[0] || names[1] != want[1] {
		t.Errorf("names %q, want %q", names, want)
	}
}

func TestReferences(t *testing.T) {
	tests := []struct{ ref, name, pinned string }{
		{"registry.local/pause:1", "pause", "registry.local/pause@sha256:ab"},
		{"registry.local/bulkhead/runtime:dev", "runtime", "registry.local/bulkhead/runtime@sha256:ab"},
		{"localhost:5000/runtime", "runtime", "localhost:5000/runtime@sha256:ab"},
	}
	for _, tt := range tests {
		image := Image{Ref: tt.ref, Digest: "sha256:ab"}
		if image.Name() != tt.name || image.Pinned() != tt.pinned {
			t.Errorf("%s: name %q pinned %q, want %q %q", tt.ref, image.Name(), image.Pinned(), tt.name, tt.pinned)
		}
	}
}

func readEntry(t *testing.T, archive, name string) []byte {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if err != nil {
			t.Fatalf("no %s in the archive: %v", name, err)
		}
		if header.Name == name {
			content, err := io.ReadAll(reader)
			if err != nil {
				t.Fatal(err)
			}
			return content
		}
	}
}
