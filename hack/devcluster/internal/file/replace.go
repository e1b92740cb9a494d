// Package file writes files that are there whole or not at all, whenever their writer is killed.
package file

import (
	"errors"
	"os"
)

// Replace writes a file beside path, which then takes its place.
func Replace(path string, content []byte, mode os.FileMode) error {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) { // of a killed writer
		return err
	}
	if err := os.WriteFile(temporary, content, mode); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
