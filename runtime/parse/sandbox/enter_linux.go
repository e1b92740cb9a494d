package sandbox

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// lowest is the priority of a process that everything else goes before.
const lowest = 19

// openFiles leaves room for what Go's runtime opens to wait for input.
const openFiles = 8

// Enter puts the process into the sandbox, which it cannot leave. The calling
// goroutine keeps its thread from here on, which has the lowest priority. After an
// error the process must end: it may be in the sandbox in part.
func Enter(l Limits) error {
	runtime.LockOSThread()
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, lowest); err != nil {
		return fmt.Errorf("lower the priority: %w", err)
	}
	l.collect()
	if err := l.set(); err != nil {
		return err
	}
	return filter()
}

// set has the kernel hold the process to its limits. RLIMIT_DATA and not RLIMIT_AS:
// Go reserves more address space than it uses.
func (l Limits) set() error {
	for _, limit := range []struct {
		name     string
		resource int
		most     uint64
	}{
		{"memory", unix.RLIMIT_DATA, uint64(l.Memory)},
		{"CPU time", unix.RLIMIT_CPU, l.Seconds},
		{"open files", unix.RLIMIT_NOFILE, openFiles},
		{"file size", unix.RLIMIT_FSIZE, 0},
		{"core dump", unix.RLIMIT_CORE, 0},
	} {
		if err := unix.Setrlimit(limit.resource, &unix.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return fmt.Errorf("limit the %s: %w", limit.name, err)
		}
	}
	return nil
}
