package memory

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Withhold keeps the program's memory out of core dumps and from other processes of its
// user (prctl(2), PR_SET_DUMPABLE). Programs that it starts decide for themselves.
func Withhold() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("keep the memory out of core dumps: %w", err)
	}
	return nil
}
