package parse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/parse/sandbox"
)

// inChild reads a file in a process of its own.
func (p *Parser) inChild(ctx context.Context, media, charset string, data []byte) (Text, error) {
	if err := p.turn(ctx); err != nil {
		return Text{}, err
	}
	defer p.turns.Release(1)
	limited, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	out, err := p.run(limited, media, charset, data)
	switch {
	case ctx.Err() != nil:
		return Text{}, ctx.Err()
	case limited.Err() != nil:
		return Text{}, because(TimedOut)
	case err != nil:
		return Text{}, err
	}
	return readFrame(out)
}

// turn waits until a child may be started. Errors: ErrBusy, or the context's.
func (p *Parser) turn(ctx context.Context) error {
	waiting := ctx
	if p.config.Wait > 0 {
		limited, cancel := context.WithTimeout(ctx, p.config.Wait)
		defer cancel()
		waiting = limited
	}
	err := p.turns.Acquire(waiting, 1)
	if err != nil && ctx.Err() == nil {
		return ErrBusy
	}
	return err
}

// environment is the child's: knobs of Go's runtime, nothing of the parent's.
var environment = []string{"GOMAXPROCS=1", "GOTRACEBACK=none"}

// run starts a child, feeds it and waits for its end. A child whose parent has died
// ends, too: its input ends, its output breaks, and its CPU time runs out.
func (p *Parser) run(ctx context.Context, media, charset string, data []byte) ([]byte, error) {
	if err := sandbox.KeepFiles(); err != nil {
		return nil, err
	}
	arguments := slices.Concat(p.config.Arguments, []string{strconv.FormatInt(p.config.Memory, 10), strconv.Itoa(len(data)), media, charset})
	cmd := exec.CommandContext(ctx, p.config.Program, arguments...)
	stdout, stderr := &bounded{left: maxFrame}, &bounded{left: maxStderr}
	cmd.Env, cmd.Dir = environment, "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), stdout, stderr
	cmd.WaitDelay = 30 * time.Second // no descendant can hold the pipes, but do not depend on it
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case stdout.full:
		return nil, because(TooLarge)
	case errors.As(err, &exit):
		return nil, cause(exit, stderr.kept.Bytes())
	case err != nil:
		return nil, fmt.Errorf("parse in a child process: %w", err)
	}
	return stdout.kept.Bytes(), nil
}

// cause is why a child ended before it could say so itself.
func cause(exit *exec.ExitError, stderr []byte) error {
	status, _ := exit.Sys().(syscall.WaitStatus)
	used := exit.UserTime() + exit.SystemTime()
	switch {
	case exit.ExitCode() == exitNoSandbox:
		return fmt.Errorf("child process: %s", bytes.TrimSpace(stderr))
	case status.Signaled() && status.Signal() == syscall.SIGKILL && used >= (maxSeconds-1)*time.Second:
		return because(TimedOut)
	case status.Signaled() && status.Signal() == syscall.SIGKILL: // the container's memory ran out first
		return because(OutOfMemory)
	case len(stderr) == 0, // Go says why it crashes, unless it has no memory for that
		bytes.Contains(stderr, []byte("out of memory")), bytes.Contains(stderr, []byte("cannot allocate memory")): // in both ways
		return because(OutOfMemory)
	}
	return because(Malformed) // it crashed the parser
}

// bounded keeps what is written to it as long as it has room. It is no
// io.ReaderFrom, which would go past the bound.
type bounded struct {
	kept bytes.Buffer
	left int
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		b.full = true
		return 0, errors.New("too much output")
	}
	b.left -= len(p)
	return b.kept.Write(p)
}
