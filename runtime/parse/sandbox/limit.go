package sandbox

import "runtime/debug"

// Limits are what a process has for the rest of its life. All are above zero.
type Limits struct {
	// Memory is in bytes. Past it the kernel refuses more and Go ends the process.
	Memory int64
	// Seconds are of CPU time, on all threads together. Past them the kernel ends
	// the process.
	Seconds uint64
	// Stack is of one goroutine, in bytes. Past it Go ends the process.
	Stack int
}

// collectAt is the part of the memory, in percent, that the garbage collector
// tries not to pass.
const collectAt = 75

// collect has Go's runtime keep within the limits while it can.
func (l Limits) collect() {
	debug.SetMaxStack(l.Stack)
	debug.SetMemoryLimit(l.Memory / 100 * collectAt)
}
