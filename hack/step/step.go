// Package step runs named pieces of work and says how each is getting on: a line when it starts, a
// line when it ends, a line every ten seconds in between, and the end of its log when it fails.
package step

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// heartbeat is how often a running step says that it is still at work.
const heartbeat = 10 * time.Second

// tailLines is how much of a failed step's log is shown; the rest is in the file.
const tailLines = 20

// Func is a step's work. What it writes to log is kept in the step's log file.
type Func func(ctx context.Context, log io.Writer) error

// Reporter runs steps. Steps may run concurrently: every line names the step it is about.
type Reporter struct {
	mu    sync.Mutex
	out   io.Writer
	logs  string
	began time.Time
}

// New returns a Reporter that prints to out and keeps the steps' logs in the directory logs.
func New(out io.Writer, logs string) *Reporter {
	return &Reporter{out: out, logs: logs, began: time.Now()}
}

// Run does one step and gives it up after limit.
func (r *Reporter) Run(ctx context.Context, name string, limit time.Duration, do Func) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not finished within %s", limit))
	defer cancel()
	file, err := newLog(filepath.Join(r.logs, slug(name)+".log"))
	if err != nil {
		return err
	}
	defer file.Close()

	began := time.Now()
	r.print("start", name, "")
	stop := r.beat(name, began, file)
	err = do(ctx, file)
	stop()
	if err == nil {
		r.print("done", name, "in "+seconds(time.Since(began)))
		return nil
	}
	err = withCause(ctx, err)
	r.fail(name, time.Since(began), file, err)
	return &Error{Step: name, Log: file.path, Err: err}
}

// Elapsed is the time since the first step could start.
func (r *Reporter) Elapsed() time.Duration { return time.Since(r.began) }

// Say prints a line that belongs to no step.
func (r *Reporter) Say(format string, args ...any) {
	r.print("", fmt.Sprintf(format, args...), "")
}

// Error is a step's failure. The Reporter has already shown it, log and all.
type Error struct {
	Step string
	Log  string
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v (log: %s)", e.Step, e.Err, e.Log) }
func (e *Error) Unwrap() error { return e.Err }

// beat prints the "still" lines until the returned function is called.
func (r *Reporter) beat(name string, began time.Time, file *log) (stop func()) {
	quit, quitted := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(quitted)
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				r.print("still", name, strings.TrimSpace(seconds(time.Since(began))+"  "+file.last()))
			}
		}
	}()
	return func() { close(quit); <-quitted }
}

func (r *Reporter) fail(name string, took time.Duration, file *log, err error) {
	r.print("FAILED", name, fmt.Sprintf("after %s: %v", seconds(took), err))
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range file.tail() {
		fmt.Fprintln(r.out, "         | "+line)
	}
	fmt.Fprintln(r.out, "         log: "+file.path)
}

func (r *Reporter) print(word, name, note string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := fmt.Sprintf("%7s  %-6s %s", seconds(time.Since(r.began)), word, name)
	if note != "" {
		line += "  (" + note + ")"
	}
	fmt.Fprintln(r.out, line)
}

// withCause prefers the reason a context ended over the bare "context deadline exceeded".
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}

// slug makes a file name of a step's name.
func slug(name string) string {
	keep := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		default:
			return '-'
		}
	}
	return strings.Join(strings.FieldsFunc(strings.Map(keep, strings.ToLower(name)),
		func(r rune) bool { return r == '-' }), "-")
}

func newLog(path string) (*log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("keep a log of the step: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("keep a log of the step: %w", err)
	}
	return &log{path: path, file: file}, nil
}
