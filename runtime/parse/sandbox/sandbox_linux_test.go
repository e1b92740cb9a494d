package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The test binary is also the process that enters the sandbox.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "confined" {
		os.Exit(confined(os.Args[2]))
	}
	os.Exit(m.Run())
}

var limits = Limits{Memory: 128 << 20, Seconds: 2, Stack: 16 << 20}

// confined does in the sandbox what it is told and prints what came of it.
func confined(what string) int {
	if err := Enter(limits); err != nil {
		fmt.Println(err)
		return 3
	}
	if try, ok := forbidden[what]; ok {
		fmt.Print(try())
		return 0
	}
	fmt.Print(needed[what]())
	return 0
}

func call(number uintptr, args ...uintptr) func() string {
	return func() string {
		var a [6]uintptr
		copy(a[:], args)
		_, _, errno := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
		return errno.Error()
	}
}

// kept keeps what pointer returned from the garbage collector.
var kept []*byte

func pointer(s string) uintptr {
	p, err := unix.BytePtrFromString(s)
	if err != nil {
		panic(err)
	}
	kept = append(kept, p)
	return uintptr(unsafe.Pointer(p))
}

const here = ^uintptr(99) // AT_FDCWD

// forbidden is what must fail with EPERM. Arguments that no filter would refuse are
// such that the call would succeed, or fail with another error.
var forbidden = map[string]func() string{
	"connect to the internet": call(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0),
	"send a packet":           call(unix.SYS_SOCKET, unix.AF_INET6, unix.SOCK_DGRAM, 0),
	"connect to a service":    call(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0),
	"a pair of sockets":       call(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0),
	"read a file":             call(unix.SYS_OPENAT, here, pointer("/etc/passwd"), unix.O_RDONLY),
	"write a file":            call(unix.SYS_OPENAT, here, pointer("/tmp/bulkhead-sandbox"), unix.O_WRONLY|unix.O_CREAT, 0o600),
	"a file in memory":        call(unix.SYS_MEMFD_CREATE, pointer("x"), 0),
	"remove a file":           call(unix.SYS_UNLINKAT, here, pointer("/tmp/bulkhead-none"), 0),
	"run a program":           call(unix.SYS_EXECVE, pointer("/bin/true"), 0, 0),
	"fork":                    call(unix.SYS_CLONE, uintptr(unix.SIGCHLD)),
	// The flags are the numbers of allowed calls, which a filter that mixes up numbers and
	// arguments takes for them.
	"fork by the number of mmap":  call(unix.SYS_CLONE, unix.SYS_MMAP),
	"fork by the number of write": call(unix.SYS_CLONE, unix.SYS_WRITE),
	"trace a process":             call(unix.SYS_PTRACE, unix.PTRACE_ATTACH, uintptr(os.Getppid())),
	"read another's memory":       call(unix.SYS_PROCESS_VM_READV, uintptr(os.Getppid())),
	"signal another":              call(unix.SYS_KILL, uintptr(os.Getppid()), 0),
	"signal another's thread":     call(unix.SYS_TGKILL, uintptr(os.Getppid()), uintptr(os.Getppid()), 0),
	"code at run time":            call(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON, ^uintptr(0)),
	"code of data":                call(unix.SYS_MPROTECT, 0, 4096, unix.PROT_EXEC),
	"raise a limit":               call(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_DATA),
	"load into the kernel":        call(unix.SYS_BPF),
	"a ring of requests":          call(unix.SYS_IO_URING_SETUP, 1),
	"a namespace":                 call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
	"ask for the user":            call(unix.SYS_GETUID),
}

func TestForbidden(t *testing.T) {
	for what := range forbidden {
		t.Run(what, func(t *testing.T) {
			out, err := run(t, what)
			if err != nil || out != unix.EPERM.Error() {
				t.Errorf("%q, %v, want %q", out, err, unix.EPERM.Error())
			}
		})
	}
}

// TestClone3 fails as if the kernel did not have it: a C library then starts threads
// with clone.
func TestClone3(t *testing.T) {
	if out, err := run(t, "clone3"); err != nil || out != unix.ENOSYS.Error() {
		t.Errorf("%q, %v, want %q", out, err, unix.ENOSYS.Error())
	}
}

// TestForbiddenOutside shows that it is the sandbox that forbids.
func TestForbiddenOutside(t *testing.T) {
	for _, what := range []string{"connect to the internet", "read a file", "a file in memory", "code at run time", "raise a limit", "signal another"} {
		if got := forbidden[what](); got == unix.EPERM.Error() {
			t.Errorf("%s is forbidden outside of the sandbox, too", what)
		}
	}
}

// needed is what a program in the sandbox can do, or how it ends.
var needed = map[string]func() string{
	"compute": compute,
	"clone3":  call(unix.SYS_CLONE3),
	"all memory": func() string {
		var all [][]byte
		for range 64 {
			all = append(all, bytes.Repeat([]byte("x"), 8<<20))
		}
		return fmt.Sprint(len(all))
	},
	"all time": func() string {
		n := 0
		for n >= 0 {
			n = (n + 1) % 1000
		}
		return fmt.Sprint(n)
	},
	"all stack": func() string { return fmt.Sprint(deep(0)) },
}

// compute uses goroutines, threads, timers and the garbage collector.
func compute() string {
	runtime.GOMAXPROCS(4)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				_ = bytes.Repeat([]byte("x"), 1<<20)
			}
			time.Sleep(time.Millisecond)
			runtime.LockOSThread() // the thread ends with the goroutine
		})
	}
	wg.Wait()
	return "done"
}

func deep(n int) int {
	var block [1024]byte
	block[n%len(block)] = 1
	if n < 0 {
		return 0
	}
	return deep(n+1) + int(block[0])
}

func TestCompute(t *testing.T) {
	if out, err := run(t, "compute"); err != nil || out != "done" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestLimits(t *testing.T) {
	for what, want := range map[string]func(*exec.ExitError) bool{
		"all memory": func(e *exec.ExitError) bool { return bytes.Contains(e.Stderr, []byte("out of memory")) },
		"all stack":  func(e *exec.ExitError) bool { return bytes.Contains(e.Stderr, []byte("stack overflow")) },
		"all time": func(e *exec.ExitError) bool {
			status, ok := e.Sys().(syscall.WaitStatus)
			return ok && status.Signal() == syscall.SIGKILL && e.UserTime()+e.SystemTime() < 10*time.Second
		},
	} {
		t.Run(what, func(t *testing.T) {
			out, err := run(t, what)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !want(exit) {
				t.Errorf("%q, %v", out, err)
			}
		})
	}
}

func run(t *testing.T, what string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "confined", what)
	cmd.Env = []string{"GOTRACEBACK=none"}
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}
