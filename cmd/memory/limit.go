// Package memory keeps a program within the memory of its container.
package memory

import (
	"os"
	"runtime/debug"
	"strconv"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// usable is the part of a container's memory that Go's heap may take, in
// percent; the rest is for what the garbage collector does not count.
const usable = 90

// otherwise is taken for a container's memory when nobody says how much it is.
const otherwise = 1 << 30

// Limit makes the garbage collector work harder as the container's memory runs
// out, so that the kernel does not end the program. Where nobody says how much
// that is, and with GOMEMLIMIT, it changes nothing.
func Limit() { Leave(0) }

// Leave is Limit for a program that leaves some of the container's memory, in bytes,
// to processes that it starts.
func Leave(children int64) {
	if bytes, known := container(); known && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(max(0, bytes-children) / 100 * usable)
	}
}

// garbage may be so much, in percent of what lives, before it is collected.
const garbage = 400

// Spend has garbage collected less often, since a request that comes meanwhile waits: what
// the container has is there to be used, and Limit keeps the program within it. Where nobody
// says how much that is, and with GOGC, it changes nothing.
func Spend() {
	if _, known := container(); known && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}

// Share is one part of so many of the container's memory, in bytes.
func Share(parts int64) int64 {
	bytes, known := container()
	if !known {
		bytes = otherwise
	}
	return bytes / parts
}

// container is the memory that binding.EnvMemoryLimit says the container has.
func container() (bytes int64, known bool) {
	bytes, err := strconv.ParseInt(os.Getenv(binding.EnvMemoryLimit), 10, 64)
	return bytes, err == nil && bytes > 0
}
