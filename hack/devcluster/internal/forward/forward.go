// Package forward carries TCP connections from the host's loopback address into a network namespace
// that has no link to the host.
package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const dialTimeout = 5 * time.Second

// Serve accepts connections until ctx ends and joins each to target, as seen from the namespace.
func Serve(ctx context.Context, listener net.Listener, namespace *os.File, target string) error {
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("accept a connection for %s: %w", target, err)
		}
		go func() {
			defer conn.Close()
			join(ctx, conn, namespace, target)
		}()
	}
}

// join relays between conn and a new connection to target. If there is none to be had, conn is
// closed, as it would be by a server that is not up.
func join(ctx context.Context, conn net.Conn, namespace *os.File, target string) {
	inside, err := dial(ctx, namespace, target)
	if err != nil {
		return
	}
	defer inside.Close()
	done := make(chan struct{}, 2)
	go relay(inside, conn, done)
	go relay(conn, inside, done)
	for range 2 {
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}

// relay copies one direction and passes on its end, as a half-closed connection may still be read.
func relay(to, from net.Conn, done chan<- struct{}) {
	_, _ = io.Copy(to, from) // an error here is a side that went away, which the other side is told
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	done <- struct{}{}
}

// dial makes the socket on a thread that is in the namespace; a socket stays in the namespace that
// it was made in. The thread is not fit for anything else, so it ends with its goroutine.
func dial(ctx context.Context, namespace *os.File, target string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	dialled := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			dialled <- result{err: fmt.Errorf("enter the network namespace: %w", err)}
			return
		}
		dialer := net.Dialer{Timeout: dialTimeout}
		conn, err := dialer.DialContext(ctx, "tcp4", target)
		dialled <- result{conn, err}
	}()
	r := <-dialled
	return r.conn, r.err
}
