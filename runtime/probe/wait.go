package probe

import (
	"context"
	"fmt"
	"net"

	"golang.org/x/sync/errgroup"
)

// Wait keeps a pod alive until the context ends. With an address it accepts
// connections there, for other probes to reach.
func Wait(ctx context.Context, address string) error {
	if address == "" {
		<-ctx.Done()
		return nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	var group errgroup.Group
	group.Go(func() error {
		<-ctx.Done()
		return listener.Close()
	})
	group.Go(func() error { return accept(ctx, listener) })
	return group.Wait()
}

func accept(ctx context.Context, listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept on %s: %w", listener.Addr(), err)
		}
		_ = conn.Close()
	}
}
