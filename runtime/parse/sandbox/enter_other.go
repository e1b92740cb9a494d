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
