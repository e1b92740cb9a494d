package main

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// machine says what the figures were measured on.
func machine() string {
	line := fmt.Sprintf("machine: %d cores", runtime.NumCPU())
	var memory unix.Sysinfo_t
	if unix.Sysinfo(&memory) == nil {
		line += fmt.Sprintf(", %d GiB of memory", uint64(memory.Totalram)*uint64(memory.Unit)>>30) //nolint:unconvert // some machines have 32 bits
	}
	var kernel unix.Utsname
	if unix.Uname(&kernel) == nil {
		line += ", Linux " + unix.ByteSliceToString(kernel.Release[:])
	}
	return line
}
