package file

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReplace after a writer was killed, with a file that others could read.
func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for name, content := range map[string]string{path: "old", path + ".new": "half of what is"} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	if err := Replace(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "new" {
		t.Errorf("%q, %v; want new", content, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", info, err)
	}
	old := make([]byte, 3)
	if _, err := before.Read(old); err != nil || string(old) != "old" {
		t.Errorf("whoever reads the old file sees it change: %q, %v", old, err)
	}
	if _, err := os.Stat(path + ".new"); !os.IsNotExist(err) {
		t.Errorf("the temporary file is still there: %v", err)
	}
}
