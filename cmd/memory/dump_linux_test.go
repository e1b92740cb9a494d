package memory

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// The memory is nobody else's, and the program can still start itself anew.
func TestWithhold(t *testing.T) {
	if err := Withhold(); err != nil {
		t.Fatal(err)
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil || dumpable != 0 {
		t.Fatalf("dumpable %d, %v", dumpable, err)
	}
	self := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^$")
	self.Env = append(os.Environ(), "GOCOVERDIR="+t.TempDir())
	if out, err := self.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
