package upstream

import (
	"os"
	"path/filepath"
	"testing"
)

func TestKey(t *testing.T) {
	base := Set{Name: "demo", Packages: []string{"./a"}, LDFlags: "-s"}
	files := map[string]string{"go.mod": "module demo", "go.sum": "", "a/main.go": "package main"}
	with := func(name, content string) map[string]string {
		changed := map[string]string{name: content}
		for file, text := range files {
			if file != name {
				changed[file] = text
			}
		}
		return changed
	}
	tests := []struct {
		name      string
		set       Set
		files     map[string]string
		toolchain string
		same      bool
	}{
		{name: "nothing changed", set: base, files: files, toolchain: "go1.26", same: true},
		{name: "a file that is no source", set: base, files: with("README.md", "hello"), toolchain: "go1.26", same: true},
		{name: "another Go", set: base, files: files, toolchain: "go1.27"},
		{name: "another dependency", set: base, files: with("go.mod", "module demo\nrequire x v1.0.0"), toolchain: "go1.26"},
		{name: "another checksum", set: base, files: with("go.sum", "x"), toolchain: "go1.26"},
		{name: "another main", set: base, files: with("a/main.go", "package main // changed"), toolchain: "go1.26"},
		{name: "a new file", set: base, files: with("a/more.go", "package main"), toolchain: "go1.26"},
		{name: "other flags", set: Set{Name: "demo", Packages: []string{"./a"}, LDFlags: "-w"}, files: files, toolchain: "go1.26"},
		{name: "other packages", set: Set{Name: "demo", Packages: []string{"./b"}, LDFlags: "-s"}, files: files, toolchain: "go1.26"},
	}
	want := keyOf(t, base, files, "go1.26")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := keyOf(t, tt.set, tt.files, tt.toolchain); (got == want) != tt.same {
				t.Errorf("key %s, base %s, want same: %v", got, want, tt.same)
			}
		})
	}
}

func keyOf(t *testing.T, set Set, files map[string]string, goVersion string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	key, err := set.key(dir, goVersion)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
