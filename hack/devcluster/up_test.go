package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestForgotten(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"cluster.json", "containerd", "etcd", "logs", "up.lock"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"containerd", "etcd", "cluster.json"} // a wipe that is killed can be repeated
	if got := forgotten(entries); !slices.Equal(got, want) {
		t.Errorf("removes %v; want %v", got, want)
	}
}
