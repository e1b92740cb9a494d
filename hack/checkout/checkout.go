// Package checkout says where commands find the repository and the development cluster.
package checkout

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
)

// Find returns the checkout that the working directory is in, and the absolute path of a development cluster's
// state directory: that of the checkout if none is given.
func Find(state string) (repo, dir string, err error) {
	start, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	for repo = start; ; repo = filepath.Dir(repo) {
		if _, err := os.Stat(filepath.Join(repo, "hack", "devcluster", "main.go")); err == nil {
			dir, err = filepath.Abs(cmp.Or(state, filepath.Join(repo, ".devcluster")))
			return repo, dir, err
		}
		if repo == filepath.Dir(repo) {
			return "", "", fmt.Errorf("%s is in no checkout of Bulkhead; change to one", start)
		}
	}
}
