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
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/netns"
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
	inside, err := Dial(ctx, namespace, target)
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

// Dial connects to target as seen from the namespace. A socket stays in the namespace that it was
// made in.
func Dial(ctx context.Context, namespace *os.File, target string) (conn net.Conn, err error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	err = netns.Run(namespace, func() (err error) {
		conn, err = dialer.DialContext(ctx, "tcp4", target)
		return err
	})
	return conn, err
}
