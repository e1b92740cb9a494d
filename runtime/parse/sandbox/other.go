//go:build !linux

package sandbox

import (
	"errors"
	"fmt"
)

// Enter fails: only Linux can.
func Enter(Limits) error {
	return fmt.Errorf("sandbox: Linux only: %w", errors.ErrUnsupported)
}

// KeepFiles fails: only Linux can.
func KeepFiles() error { return Enter(Limits{}) }
