package upstream

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// key names the content of a built set: it changes when, and only when, the result could.
func (s Set) key(module, goVersion string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s/%s\n%q\n%q\n%q\n%q\n",
		goVersion, runtime.GOOS, runtime.GOARCH, s.Packages, s.LDFlags, s.Rename, s.Manifest)
	err := filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !isSource(entry) {
			return err
		}
		name, err := filepath.Rel(module, path)
		if err != nil {
			return err
		}
		return hashFile(sum, path, name)
	})
	if err != nil {
		return "", fmt.Errorf("hash the sources of %s: %w", s.Name, err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

func isSource(entry fs.DirEntry) bool {
	if entry.IsDir() {
		return false
	}
	switch filepath.Ext(entry.Name()) {
	case ".go", ".mod", ".sum":
		return true
	default:
		return false
	}
}

func hashFile(sum io.Writer, path, name string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	fmt.Fprintf(sum, "file %q\n", name)
	_, err = io.Copy(sum, file)
	return err
}
