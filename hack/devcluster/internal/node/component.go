package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"time"
)

// component is a program that runs as long as the node does.
type component struct {
	name  string
	args  []string
	after func(context.Context) error // what to wait for before the first start
}

const (
	shortestBackoff = 250 * time.Millisecond
	longestBackoff  = 5 * time.Second
	// A component that ran this long was healthy: the next start is immediate again.
	healthyAfter = 30 * time.Second
)

// run starts the component again whenever it ends, until ctx ends.
func (c component) run(ctx context.Context, logFile string) error {
	if c.after != nil {
		if err := c.after(ctx); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	out, err := newLog(logFile)
	if err != nil {
		return err
	}
	defer out.Close()
	backoff := shortestBackoff
	for {
		began := time.Now()
		log.Printf("%s: start", c.name)
		cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
		cmd.Stdout, cmd.Stderr = out, out
		err := cmd.Run()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(began) > healthyAfter {
			backoff = shortestBackoff
		}
		log.Printf("%s: ended after %s (%v), start again in %s", c.name, time.Since(began).Round(time.Millisecond), err, backoff)
		time.Sleep(backoff)
		backoff = min(2*backoff, longestBackoff)
	}
}

// newLog starts a log and keeps the one of the node's last run.
func newLog(path string) (*os.File, error) {
	if err := os.Rename(path, path+".previous"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
}
