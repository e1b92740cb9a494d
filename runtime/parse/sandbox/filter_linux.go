package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// architectures are those whose system calls the filter knows. All are
// little-endian.
var architectures = map[string]uint32{
	"amd64": unix.AUDIT_ARCH_X86_64,
	"arm64": unix.AUDIT_ARCH_AARCH64,
}

// allowed are the system calls that Go's runtime makes while a program computes,
// and those that read and write open files.
var allowed = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_FCNTL,
	unix.SYS_MUNMAP, unix.SYS_MADVISE,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_RESTART_SYSCALL,
	unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETRANDOM,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	unix.SYS_BRK, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, // the C library's, in a program that is linked to it
}

// conditional are the system calls that are allowed with some arguments only. The
// kernel reads no more than the lower 32 bits of these arguments.
func conditional() []condition {
	return []condition{
		{unix.SYS_CLONE, 0, bpf.JumpBitsSet, unix.CLONE_THREAD}, // a thread, no process
		{unix.SYS_MMAP, 2, bpf.JumpBitsNotSet, unix.PROT_EXEC},
		{unix.SYS_MPROTECT, 2, bpf.JumpBitsNotSet, unix.PROT_EXEC},
		{unix.SYS_TGKILL, 0, bpf.JumpEqual, uint32(os.Getpid())}, // Go preempts its threads by signals
	}
}

type condition struct {
	call, argument uint32
	is             bpf.JumpTest
	value          uint32
}

// filter has the kernel fail every other system call, on every thread of the
// process and on those to come.
func filter() error {
	program, err := program()
	if err != nil {
		return err
	}
	instructions := make([]unix.SockFilter, len(program))
	for i, in := range program {
		instructions[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(instructions)), Filter: &instructions[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	//nolint:gosec // the kernel reads the filter there, and copies it
	refused, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return fmt.Errorf("filter system calls: %w", errno)
	}
	if refused != 0 {
		return fmt.Errorf("filter system calls: thread %d has another filter", refused)
	}
	return nil
}

// Offsets into the seccomp_data that the kernel shows to the filter.
const (
	callOffset     = 0
	archOffset     = 4
	argumentOffset = 16
	argumentSize   = 8
)

// program is the filter in the kernel's form. Each rule loads what it looks at and
// ends in a verdict, so that none depends on another.
func program() ([]bpf.RawInstruction, error) {
	arch, known := architectures[runtime.GOARCH]
	if !known {
		return nil, fmt.Errorf("filter system calls: architecture %s is not known", runtime.GOARCH)
	}
	allow, refuse := bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}, refusal(unix.EPERM)
	p := []bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: callOffset, Size: 4},
	}
	for _, call := range allowed {
		p = append(p, bpf.JumpIf{Cond: bpf.JumpEqual, Val: call, SkipFalse: 1}, allow)
	}
	for _, c := range conditional() {
		p = append(
			p,
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: c.call, SkipFalse: 4},
			bpf.LoadAbsolute{Off: argumentOffset + argumentSize*c.argument, Size: 4},
			bpf.JumpIf{Cond: c.is, Val: c.value, SkipFalse: 1},
			allow,
			refuse,
		)
	}
	// The filter cannot see the arguments of clone3. The C library uses clone instead
	// when the kernel does not have it.
	p = append(p, bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SYS_CLONE3, SkipFalse: 1}, refusal(unix.ENOSYS))
	return bpf.Assemble(append(p, refuse))
}

func refusal(errno syscall.Errno) bpf.Instruction {
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}
