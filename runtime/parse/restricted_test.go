package parse

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestRestricted reads files as a container of the runtime does: as nobody, without
// environment or home, in a directory that cannot be written.
func TestRestricted(t *testing.T) {
	const nobody = 65532
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	for _, test := range []string{"TestPDF", "TestDOCX", "TestPPTX", "TestXLSX", "TestHTML", "TestEML"} {
		cmd := exec.Command("/proc/self/exe", "-test.run=^"+test+"$")
		cmd.Env, cmd.Dir = []string{}, dir
		if os.Geteuid() == 0 {
			cmd.Dir = "/proc" // the directory's parents are root's; nobody can write here
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "no tests") {
			t.Errorf("%s: %v\n%s", test, err, out)
		}
	}
}
