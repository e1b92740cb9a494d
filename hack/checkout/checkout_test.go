package checkout

import (
	"path/filepath"
	"testing"
)

func TestFind(t *testing.T) {
	want, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for state, wantDir := range map[string]string{
		"":        filepath.Join(want, ".devcluster"),
		"other":   filepath.Join(want, "hack", "checkout", "other"), // as the user sees it
		"/srv/dc": "/srv/dc",
	} {
		if repo, dir, err := Find(state); err != nil || repo != want || dir != wantDir {
			t.Errorf("with the state %q: %s, %s, %v; want %s, %s", state, repo, dir, err, want, wantDir)
		}
	}
	t.Chdir(t.TempDir())
	if repo, _, err := Find(""); err == nil {
		t.Errorf("outside of a checkout: %s", repo)
	}
}
