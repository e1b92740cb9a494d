package sandbox

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// KeepFiles has this process pass no open file on to the programs that it starts,
// but for those that it gives them on purpose. Go opens files so; those that the
// process has got from its own parent need it.
func KeepFiles() error {
	const afterStandard = 3
	if err := unix.CloseRange(afterStandard, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("keep open files: %w", err)
	}
	return nil
}
